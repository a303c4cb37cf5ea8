#include <algorithm>

#include "protocol/git/stream/pack_writer.h"
#include "protocol/git/stream/raw_reader.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

namespace {

struct Outcome {
  std::string pack;
  bool good = false;
};

Outcome read(ByteView reply, std::size_t piece_bytes) {
  Outcome outcome;
  git::PackWriter writer;
  git::RawReader reader(writer, [&](ByteView bytes) {
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

void check(ByteView reply, std::size_t piece_bytes) {
  const auto once = read(reply, std::max<std::size_t>(1, reply.size()));
  const auto pieces = read(reply, piece_bytes);
  FUZZ_REQUIRE(once.good == pieces.good);
  if (once.good) FUZZ_REQUIRE(once.pack == pieces.pack);
}

}  // namespace

// Raw objects that another hub answers: the input as its zstd frame, and as what stands in one. It
// means the same whatever pieces it comes in.
void fuzz::run(ByteView input) {
  if (input.empty()) return;
  const auto piece_bytes = 1 + std::to_integer<std::size_t>(input[0]) % 64;
  const auto text = input.subspan(1);
  check(text, piece_bytes);
  ZstdEncoder encoder;
  std::string frame;
  encoder.add(text, frame);
  encoder.finish(frame);
  check(as_bytes(frame), piece_bytes);
}

WAAG_FUZZ_TARGET
