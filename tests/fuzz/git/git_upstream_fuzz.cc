#include <algorithm>

#include "protocol/git/client/fetch_reply.h"
#include "protocol/git/client/ref_advertisement.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

namespace {

struct Outcome {
  std::string pack;
  bool good = false;
};

Outcome read_reply(ByteView reply, std::size_t piece_bytes) {
  Outcome outcome;
  git::FetchReply reader([&](ByteView bytes) {
    outcome.pack += as_text(bytes);
    return ok();
  });
  while (!reply.empty()) {
    const auto part = reply.first(std::min(piece_bytes, reply.size()));
    if (!reader.feed(part)) break;
    reply = reply.subspan(part.size());
  }
  outcome.good = reader.finish().has_value();
  return outcome;
}

}  // namespace

// What another git server answers. A reply means the same whatever pieces it comes in.
void fuzz::run(ByteView input) {
  if (const auto refs = git::parse_ref_advertisement(as_text(input)))
    for (const auto& ref : refs->refs)
      FUZZ_REQUIRE(ref.name.starts_with("refs/") && !ref.id.is_zero());
  if (input.empty()) return;
  const auto piece_bytes = 1 + std::to_integer<std::size_t>(input[0]) % 16;
  const auto reply = input.subspan(1);
  const auto once = read_reply(reply, std::max<std::size_t>(1, reply.size()));
  const auto pieces = read_reply(reply, piece_bytes);
  FUZZ_REQUIRE(once.good == pieces.good);
  FUZZ_REQUIRE(once.pack.size() <= reply.size());
  if (once.good) FUZZ_REQUIRE(once.pack == pieces.pack);
}

WAAG_FUZZ_TARGET
