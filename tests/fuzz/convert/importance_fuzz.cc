#include <cmath>

#include "convert/recipe/importance.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

void fuzz::run(ByteView input) {
  const auto importance = convert::Importance::parse(Bytes(input.begin(), input.end()));
  if (!importance) {
    FUZZ_REQUIRE(importance.error().code == Errc::unprocessable);
    return;
  }
  FUZZ_REQUIRE(!importance->empty());
  // However a model would ask, it gets as many weights as it has columns, and numbers.
  for (const auto* name : {"a", "blk.0.ffn_up.weight"})
    for (const std::uint64_t columns : {1u, 2u, 4u})
      for (const std::uint64_t matrices : {1u, 3u}) {
        const auto weights = importance->of(name, columns, matrices, matrices - 1);
        if (!weights || weights->empty()) continue;
        FUZZ_REQUIRE(weights->size() == columns);
        for (const float weight : *weights) FUZZ_REQUIRE(std::isfinite(weight) && weight >= 0);
      }
}

WAAG_FUZZ_TARGET
