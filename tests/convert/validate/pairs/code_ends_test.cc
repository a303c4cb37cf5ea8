#include "convert/validate/pairs/code_ends.h"

#include <vector>

#include <catch2/catch.hpp>

#include "convert/quant/linear/quantize_linear.h"
#include "tests/convert/validate/normal_model.h"

namespace waag::convert::testing {

TEST_CASE("code_ends: only values beyond the last code", "[convert][validate][code_ends]") {
  struct Case {
    LinearFormat format;
    std::uint8_t last, before;  // codes; of nibbles, two of them
    float largest;              // what the last stands for
    float held, beyond;         // values
  };
  const auto tested = GENERATE(Case{LinearFormat::fp8_dynamic, 0x7e, 0x7d, 448, 463, 465},
                               Case{LinearFormat::fp8_block, 0xfe, 0xfd, -448, -463, -465},
                               Case{LinearFormat::int8, 0x7f, 0x7e, 127, 127.4f, 127.6f},
                               Case{LinearFormat::int8, 0x80, 0x81, -128, -128.4f, -128.6f},
                               Case{LinearFormat::w4a16, 0xff, 0xee, 7, 7.4f, 7.6f},
                               Case{LinearFormat::w4a16, 0x00, 0x11, -8, -8.4f, -8.6f},
                               Case{LinearFormat::nvfp4, 0x77, 0x66, 6, 6.9f, 7.1f},
                               Case{LinearFormat::nvfp4, 0xff, 0xee, -6, -6.9f, -7.1f});
  const auto count = [&](std::uint8_t code, float value) {
    const std::vector codes(2, std::byte{code});
    return count_saturated(tested.format, codes, std::vector{value, value},
                           std::vector{tested.largest, tested.largest});
  };
  CAPTURE(static_cast<int>(tested.format), tested.last);
  CHECK(count(tested.last, tested.held) == 0);
  CHECK(count(tested.last, tested.beyond) == 2);
  CHECK(count(tested.before, tested.beyond) == 0);
}

TEST_CASE("code_ends: a nibble is that of its value", "[convert][validate][code_ends]") {
  const std::vector codes{std::byte{0x70}};  // the second is the last code of nvfp4
  const std::vector made{0.0f, 6.0f};
  CHECK(count_saturated(LinearFormat::nvfp4, codes, std::vector{9.0f, 6.0f}, made) == 0);
  CHECK(count_saturated(LinearFormat::nvfp4, codes, std::vector{0.0f, 9.0f}, made) == 1);
}

}  // namespace waag::convert::testing
