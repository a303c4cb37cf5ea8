#include <catch2/catch.hpp>

#include "tests/convert/quant/linear/kernel_cases.h"

namespace waag::convert::testing {

#if defined(__x86_64__)
TEST_CASE("linear_avx512: the bits of the plain kernels", "[convert][quant][linear]") {
  if (best_lanes() < Lanes::avx512) return;
  CHECK(kernel_results(linear_kernels_avx512) == kernel_results(linear_kernels_plain));
}
#endif

}  // namespace waag::convert::testing
