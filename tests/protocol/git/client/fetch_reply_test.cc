#include "protocol/git/client/fetch_reply.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::git;

namespace {

const std::string a(40, 'a');

std::string lines_of(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) append_pkt(text, line + "\n");
  return text;
}

std::string band(SideBand kind, std::string_view bytes) {
  std::string text;
  append_side_band(text, kind, bytes);
  return text;
}

const std::string flush(pkt_flush);

/// A reply with everything that may stand in one. The packet of no bytes is git's sign of life.
std::string whole() {
  return lines_of({"ACK " + a + " common", "ACK " + a, "NAK"}) +
         band(SideBand::progress, "50 %\r") + band(SideBand::pack, "PACK") + "0005\x01" +
         band(SideBand::pack, "more") + flush;
}

struct Outcome {
  std::string pack;
  Status status;
};

Outcome read(std::string_view reply, std::size_t piece_bytes) {
  Outcome outcome;
  FetchReply reader([&](ByteView bytes) {
    outcome.pack += as_text(bytes);
    return ok();
  });
  for (; !reply.empty() && outcome.status; reply.remove_prefix(std::min(piece_bytes, reply.size())))
    outcome.status = reader.feed(as_bytes(reply.substr(0, piece_bytes)));
  const auto end = reader.finish();
  if (outcome.status) outcome.status = end;
  CHECK(outcome.status.has_value() == end.has_value());  // an error stays
  return outcome;
}

std::string error_of(const std::string& reply) {
  const auto outcome = read(reply, reply.size());
  REQUIRE_FALSE(outcome.status);
  CHECK(outcome.status.error().code == Errc::upstream_failed);
  const auto bytewise = read(reply, 1);
  REQUIRE_FALSE(bytewise.status);
  CHECK(bytewise.status.error().what == outcome.status.error().what);
  return outcome.status.error().what;
}

}  // namespace

TEST_CASE("fetch_reply: in pieces of every size", "[protocol][git]") {
  const auto reply = whole();
  for (std::size_t bytes = 1; bytes <= reply.size(); ++bytes) {
    const auto outcome = read(reply, bytes);
    CAPTURE(bytes);
    CHECK(outcome.status.has_value());
    CHECK(outcome.pack == "PACKmore");
  }
}

TEST_CASE("fetch_reply: cut at every byte", "[protocol][git]") {
  const auto reply = whole();
  for (std::size_t bytes = 1; bytes < reply.size(); ++bytes)
    CHECK(error_of(reply.substr(0, bytes)).find("cut short") != std::string::npos);
  CHECK_FALSE(FetchReply([](ByteView) { return ok(); }).finish());
}

TEST_CASE("fetch_reply: large packets pass without being held", "[protocol][git]") {
  const std::string pack(3 * side_band_bytes_max + 5, 'p');
  const auto reply = lines_of({"NAK"}) + band(SideBand::pack, pack) + flush;
  CHECK(read(reply, 16 * 1024).pack == pack);
}

TEST_CASE("fetch_reply: what the server tells of", "[protocol][git]") {
  CHECK(error_of(lines_of({"NAK"}) + band(SideBand::fatal, "out of\nmemory\n"))
            .ends_with("the server says: out of?memory"));
  CHECK(error_of(lines_of({"ERR upload-pack: not our ref " + a})).find("not our ref") !=
        std::string::npos);
  CHECK(error_of(lines_of({"NAK"}) + band(SideBand::fatal, std::string(60'000, 'e'))).size() <
        1000);
}

TEST_CASE("fetch_reply: what is refused", "[protocol][git]") {
  const auto pack = band(SideBand::pack, "PACK");
  error_of(flush);
  error_of(lines_of({"NAK"}) + flush);  // no pack
  error_of(lines_of({"shallow " + a}) + pack + flush);
  error_of(lines_of({"ACK abc"}) + pack + flush);
  error_of(lines_of({"ACK " + a + " maybe"}) + pack + flush);
  error_of(pack + lines_of({"NAK"}) + flush);
  error_of(pack + flush + flush);
  error_of("0004" + pack + flush);
  error_of("0001" + pack + flush);
  error_of("000x" + pack + flush);
  error_of("ffff" + pack + flush);
  error_of("0006\x04x" + pack + flush);
}

TEST_CASE("fetch_reply: the taker's error ends it", "[protocol][git]") {
  int calls = 0;
  FetchReply reader([&](ByteView) -> Status {
    ++calls;
    return fail(Errc::no_space, "full");
  });
  const auto reply = band(SideBand::pack, "PACK") + band(SideBand::pack, "more") + flush;
  for (int i = 0; i < 2; ++i) {
    const auto status = reader.feed(as_bytes(reply));
    REQUIRE_FALSE(status);
    CHECK(status.error().code == Errc::no_space);
  }
  CHECK(reader.finish().error().code == Errc::no_space);
  CHECK(calls == 1);
}
