#include <catch2/catch.hpp>

#include "convert/quant/quantize.h"

namespace waag::convert::testing {

TEST_CASE("lanes: the widest is the same each time", "[convert][quant]") {
  CHECK(best_lanes() == best_lanes());
  CHECK(best_lanes() <= Lanes::avx512);
}

}  // namespace waag::convert::testing
