#include "convert/quant/floats.h"

#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

namespace waag::convert::testing {

TEST_CASE("floats: every F16 survives the way to F32 and back", "[convert][quant][floats]") {
  for (std::uint32_t code = 0; code < 0x10000; ++code) {
    const auto half = static_cast<std::uint16_t>(code);
    const float value = half_to_float(half);
    if (std::isnan(value)) continue;
    CAPTURE(code);
    REQUIRE(float_to_half(value) == half);
  }
}

TEST_CASE("floats: F16 rounds to nearest even, subnormals too", "[convert][quant][floats]") {
  CHECK(float_to_half(65519.99f) == 0x7bff);
  CHECK(float_to_half(65520.0f) == 0x7c00);
  CHECK(float_to_half(-1e30f) == 0xfc00);
  CHECK(float_to_half(0x1p-25f) == 0);                        // the middle: to even
  CHECK(float_to_half(std::nextafter(0x1p-25f, 1.0f)) == 1);  // just above it
  CHECK(float_to_half(0x1.8p-24f) == 2);                      // 1.5 units: to even
  CHECK(float_to_half(0x1.ffep-15f) == 0x3ff + 1);            // rounds up to the first normal
  CHECK(float_to_half(1.0f + 0x1p-11f) == 0x3c00);            // the middle: to even
  CHECK(float_to_half(1.0f + 0x1.8p-10f) == 0x3c02);
  CHECK(float_to_half(std::numeric_limits<float>::quiet_NaN()) == 0x7e00);
}

TEST_CASE("floats: every E4M3 survives; what is between goes to the nearest, even on ties",
          "[convert][quant][floats]") {
  for (std::uint32_t code = 0; code < 0x7f; ++code) {
    const auto e4m3 = static_cast<std::uint8_t>(code);
    const float value = e4m3_to_float(e4m3);
    CAPTURE(code, value);
    REQUIRE(float_to_e4m3(value) == e4m3);
    REQUIRE(float_to_e4m3(-value) == (e4m3 | 0x80));
    if (code == 0x7e) break;
    const float middle = (value + e4m3_to_float(static_cast<std::uint8_t>(code + 1))) / 2;
    CHECK(float_to_e4m3(middle) == (code + code % 2));
    CHECK(float_to_e4m3(std::nextafter(middle, 1e9f)) == code + 1);
    CHECK(float_to_e4m3(std::nextafter(middle, 0.0f)) == code);
  }
  CHECK(float_to_e4m3(1e9f) == 0x7e);
  CHECK(float_to_e4m3(-500.0f) == 0xfe);
  CHECK(std::isnan(e4m3_to_float(0x7f)));
}

TEST_CASE("floats: BF16 and E8M0", "[convert][quant][floats]") {
  CHECK(float_to_bfloat(1.0f) == 0x3f80);
  CHECK(float_to_bfloat(std::bit_cast<float>(0x3f808000u)) == 0x3f80);  // the middle: to even
  CHECK(float_to_bfloat(std::bit_cast<float>(0x3f818000u)) == 0x3f82);
  CHECK(bfloat_to_float(0xc000) == -2.0f);
  CHECK(e8m0_to_float(127) == 1.0f);
  CHECK(e8m0_to_float(0) == 0x1p-127f);
  CHECK(std::isnan(e8m0_to_float(255)));
}

}  // namespace waag::convert::testing
