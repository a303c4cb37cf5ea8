#include "convert/quant/reference/mxfp4.h"

#include <cmath>

#include "tests/convert/quant/golden.h"

namespace waag::convert::testing {

TEST_CASE("mxfp4: as ggml writes and reads it", "[convert][quant][ggml]") {
  check_as_ggml(TensorType::mxfp4);
}

TEST_CASE("mxfp4: the exponent is that of log2f, also where it rounds up", "[convert][quant]") {
  // log2f of the C library is the reference here. It is off by little more than half a unit, and
  // what rounds to a power of two lies within 89 units of it: 200 cover all that is in doubt.
  for (int exponent = -149; exponent <= 128; ++exponent) {
    const float power = std::ldexp(1.0f, exponent);
    float below = power;
    float above = power;
    for (int unit = 0; unit < 200; ++unit) {
      CAPTURE(exponent, unit);
      if (below > 0 && std::isfinite(below))
        REQUIRE(reference::floor_log2(below) == static_cast<int>(std::floor(std::log2(below))));
      if (std::isfinite(above))
        REQUIRE(reference::floor_log2(above) == static_cast<int>(std::floor(std::log2(above))));
      below = std::nextafter(below, 0.0f);
      above = std::nextafter(above, INFINITY);
    }
  }
}

TEST_CASE("mxfp4: of two codes as near the lower one, and no minus zero", "[convert][quant]") {
  std::vector<float> values(32, 0.0f);
  values[0] = 6;
  values[1] = 2.5f;  // between 2 and 3
  values[2] = -2.5f;
  values[3] = -0.1f;
  values[4] = 0.25f;  // between 0 and 0.5
  const auto blocks = blocks_of(TensorType::mxfp4, values, 32);
  CHECK(to_hex(ByteView(blocks).first(6)) == "7f07040c0000");
}

}  // namespace waag::convert::testing
