#include <algorithm>

#include "protocol/xet/chunker.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

// Byte 0: how often the rest is repeated, so that small inputs reach the smallest and largest
// chunk. Bytes 1 to 8: lengths of the pieces in turn. The cuts must be the same however the stream
// is split.
void fuzz::run(ByteView input) {
  constexpr std::size_t control_bytes = 9;
  constexpr std::size_t stream_bytes_max = 400'000;
  if (input.size() <= control_bytes) return;
  const ByteView seed = input.subspan(control_bytes);
  const std::size_t repeats = std::min(std::size_t{1} << (static_cast<unsigned>(input[0]) % 18),
                                       stream_bytes_max / seed.size() + 1);
  Bytes stream;
  stream.reserve(seed.size() * repeats);
  for (std::size_t i = 0; i < repeats; ++i) stream.insert(stream.end(), seed.begin(), seed.end());

  const auto expected = xet::chunk_lengths(stream);
  std::size_t sum = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    sum += expected[i];
    FUZZ_REQUIRE(expected[i] <= xet::chunk_bytes_max);
    FUZZ_REQUIRE(expected[i] >= xet::chunk_bytes_min || i + 1 == expected.size());
  }
  FUZZ_REQUIRE(sum == stream.size());

  xet::Chunker chunker;
  std::vector<std::size_t> lengths;
  std::size_t open = 0;
  ByteView rest = stream;
  for (std::size_t turn = 0; !rest.empty(); ++turn) {
    const auto control = static_cast<std::size_t>(input[1 + turn % 8]);
    ByteView piece = rest.first(std::min(rest.size(), control * control + 1));
    const auto step = chunker.next(piece);
    FUZZ_REQUIRE(step.used_bytes <= piece.size() && (step.cut || step.used_bytes == piece.size()));
    open += step.used_bytes;
    rest = rest.subspan(step.used_bytes);
    if (step.cut) lengths.push_back(std::exchange(open, 0));
    FUZZ_REQUIRE(chunker.open_bytes() == open);
  }
  if (open > 0) lengths.push_back(open);
  FUZZ_REQUIRE(lengths == expected);
}

WAAG_FUZZ_TARGET
