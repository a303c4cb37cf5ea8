#include "convert/quant/linear/linear_kernels.h"

#include <bit>
#include <vector>

#include <catch2/catch.hpp>

#include "convert/quant/floats.h"
#include "tests/convert/quant/linear/kernel_cases.h"

namespace waag::convert::testing {

TEST_CASE("linear_kernels: E4M3 codes are those of float_to_e4m3", "[convert][quant][linear]") {
  // Every upper half of a finite float, its lower bits at the middle of E4M3's rounding or beside.
  std::vector<float> values;
  for (std::uint32_t upper = 0; upper < 0x10000; ++upper)
    for (const std::uint32_t lower : {0u, 1u, 0xffffu})
      if ((upper & 0x7f80u) != 0x7f80u) values.push_back(std::bit_cast<float>(upper << 16 | lower));
  std::vector<std::uint8_t> codes(values.size());
  linear_kernels(Lanes::scalar).e4m3_codes(values.data(), values.size(), 1.0f, codes.data());
  for (std::size_t i = 0; i < values.size(); ++i) {
    CAPTURE(values[i]);
    REQUIRE(codes[i] == float_to_e4m3(values[i]));
  }
}

TEST_CASE("linear_kernels: nothing is written past the end", "[convert][quant][linear]") {
  const std::vector<float> values(40, 1.0f);
  for (std::size_t count = 0; count <= values.size(); ++count) {
    std::vector<std::uint8_t> codes(values.size() + 1, 0xee);
    linear_kernels(Lanes::scalar).int8_codes(values.data(), count, 1.0f, codes.data());
    for (std::size_t i = 0; i < codes.size(); ++i) REQUIRE(codes[i] == (i < count ? 1 : 0xee));
  }
}

TEST_CASE("linear_kernels: every width that this CPU has agrees", "[convert][quant][linear]") {
  for (auto lanes = Lanes::scalar; lanes <= best_lanes();
       lanes = static_cast<Lanes>(static_cast<int>(lanes) + 1)) {
    CAPTURE(static_cast<int>(lanes));
    CHECK(kernel_results(linear_kernels(lanes)) == kernel_results(linear_kernels_plain));
  }
}

}  // namespace waag::convert::testing
