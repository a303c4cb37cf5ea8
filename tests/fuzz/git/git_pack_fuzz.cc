#include "protocol/git/pack_entry.h"
#include "protocol/git/zlib_stream.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

namespace {

constexpr std::uint64_t result_bytes_max = 1u << 20;
constexpr std::size_t base_bytes = 100;

}  // namespace

// Heads of entries, zlib streams and deltas as a push brings them.
void fuzz::run(ByteView input) {
  if (const auto head = git::parse_entry_head(input); head && *head) {
    FUZZ_REQUIRE((*head)->head_bytes <= input.size());
    FUZZ_REQUIRE((*head)->head_bytes <= git::entry_head_bytes_max);
  }
  const auto base = input.first(std::min(input.size(), base_bytes));
  const auto made = git::apply_delta(base, input.subspan(base.size()), result_bytes_max);
  if (made) FUZZ_REQUIRE(made->size() <= result_bytes_max);
  git::Inflater inflater;
  Bytes block(4096);
  for (ByteView rest = input; !rest.empty();) {
    const auto step = inflater.next(rest, block);
    if (!step || step->done) break;
    FUZZ_REQUIRE(step->consumed_bytes + step->produced_bytes > 0);
    rest = rest.subspan(step->consumed_bytes);
  }
}

WAAG_FUZZ_TARGET
