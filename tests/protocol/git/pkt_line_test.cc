#include "protocol/git/pkt_line.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::git;

TEST_CASE("pkt_line: lines and marks", "[protocol][git]") {
  std::string text;
  append_pkt(text, "want\n");
  text += pkt_delimiter;
  append_pkt(text, "");
  text += "0002";
  text += pkt_flush;
  CHECK(text == "0009want\n0001000400020000");
  PktReader reader(text);
  std::vector<PktKind> kinds;
  std::string payloads;
  while (true) {
    const auto pkt = reader.next();
    REQUIRE(pkt);
    if (!*pkt) break;
    kinds.push_back((*pkt)->kind);
    payloads += std::string((*pkt)->line()) + "|";
  }
  CHECK(kinds == std::vector{PktKind::data, PktKind::delimiter, PktKind::data,
                             PktKind::response_end, PktKind::flush});
  CHECK(payloads == "want|||||");
}

TEST_CASE("pkt_line: what is refused", "[protocol][git]") {
  const auto text = GENERATE("0003", "00", "000", "0009want", "zzzz", "-001", "+005a", "0x05a",
                             "fff5", "ffff", " 005a");
  CAPTURE(text);
  PktReader reader(text);
  const auto pkt = reader.next();
  REQUIRE_FALSE(pkt);
  CHECK(pkt.error().code == Errc::invalid_argument);
}

TEST_CASE("pkt_line: how much of a packet must come", "[protocol][git]") {
  CHECK(pkt_bytes("000")->has_value() == false);
  CHECK(*pkt_bytes("0000") == std::optional<std::size_t>(4));
  CHECK(*pkt_bytes("0001rest") == std::optional<std::size_t>(4));
  CHECK(*pkt_bytes("0004") == std::optional<std::size_t>(4));
  CHECK(*pkt_bytes("fff0") == std::optional<std::size_t>(65520));
  CHECK_FALSE(pkt_bytes("fff1"));
}

TEST_CASE("pkt_line: a side band parts long texts", "[protocol][git]") {
  const std::string bytes(side_band_bytes_max + 3, 'x');
  std::string text;
  append_side_band(text, SideBand::pack, bytes);
  append_side_band(text, SideBand::progress, "");
  PktReader reader(text);
  const auto first = reader.next();
  REQUIRE((first && *first));
  CHECK((*first)->payload == "\x01" + bytes.substr(3));
  const auto second = reader.next();
  REQUIRE((second && *second));
  CHECK((*second)->payload == "\x01xxx");
  CHECK(reader.rest().empty());
}
