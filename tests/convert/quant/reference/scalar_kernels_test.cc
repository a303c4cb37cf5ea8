#include "convert/quant/kernels.h"
#include "tests/convert/quant/golden.h"

namespace waag::convert::testing {

TEST_CASE("scalar_kernels: one for each type, and no type twice", "[convert][quant]") {
  CHECK(scalar_kernels().size() == all_types.size());
  for (const auto type : all_types) {
    CAPTURE(block_of(type).name);
    CHECK(std::ranges::count(scalar_kernels(), type, &TypeKernel::type) == 1);
    CHECK(row_kernel(type, Lanes::scalar) != nullptr);
  }
}

}  // namespace waag::convert::testing
