#include "convert/source/decode/floats_of_bytes.h"

#include <bit>
#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "convert/quant/floats.h"

namespace waag::convert::testing {
namespace {

using model::Dtype;

/// Every code of a type, at an odd address, in one call (wide) and one by one (scalar).
template <class Code, class Expect>
void check_every_code(Dtype dtype, Expect expect) {
  constexpr std::size_t count = std::size_t{1} << (8 * sizeof(Code));
  Bytes bytes(1 + count * sizeof(Code));
  for (std::size_t i = 0; i < count; ++i) {
    const auto code = static_cast<Code>(i);
    std::memcpy(bytes.data() + 1 + i * sizeof(Code), &code, sizeof code);
  }
  const auto codes = ByteView(bytes).subspan(1);
  std::vector<float> wide(count);
  REQUIRE(decode_floats(dtype, codes, wide));
  for (std::size_t i = 0; i < count; ++i) {
    const float wanted = expect(static_cast<Code>(i));
    float alone = 0;
    REQUIRE(decode_floats(dtype, codes.subspan(i * sizeof(Code), sizeof(Code)), {&alone, 1}));
    CAPTURE(i, wanted, wide[i], alone);
    if (std::isnan(wanted)) {
      REQUIRE((std::isnan(wide[i]) && std::isnan(alone)));
      continue;
    }
    REQUIRE(std::bit_cast<std::uint32_t>(wide[i]) == std::bit_cast<std::uint32_t>(wanted));
    REQUIRE(std::bit_cast<std::uint32_t>(alone) == std::bit_cast<std::uint32_t>(wanted));
  }
}

}  // namespace

TEST_CASE("floats_of_bytes: every code of every type, wide and alone", "[convert][source]") {
  check_every_code<std::uint16_t>(Dtype::f16, half_to_float);
  check_every_code<std::uint16_t>(Dtype::bf16, bfloat_to_float);
  check_every_code<std::uint8_t>(Dtype::f8_e4m3, e4m3_to_float);
  check_every_code<std::uint8_t>(Dtype::f8_e5m2, e5m2_to_float);
  check_every_code<std::uint8_t>(Dtype::f8_e8m0, e8m0_to_float);
}

TEST_CASE("floats_of_bytes: what is no type of weights", "[convert][source]") {
  float value = 0;
  const Bytes bytes(8);
  for (const auto dtype : {Dtype::i8, Dtype::u8, Dtype::i64, Dtype::boolean, Dtype::f4, Dtype::c64,
                           Dtype::f8_e4m3_fnuz, Dtype::ggml_block}) {
    CHECK_FALSE(is_float_type(dtype));
    CHECK_FALSE(decode_floats(dtype, bytes, {&value, 1}));
  }
}

TEST_CASE("floats_of_bytes: F64 only if nothing is lost", "[convert][source]") {
  const auto exact = [](double wide) {
    float value = 0;
    const bool done = decode_floats(Dtype::f64, std::as_bytes(std::span(&wide, 1)), {&value, 1});
    return done && static_cast<double>(value) == wide;
  };
  CHECK(exact(0.5));
  CHECK(exact(-0x1p-149));
  CHECK_FALSE(exact(0.1));
  CHECK_FALSE(exact(1e300));
  CHECK_FALSE(exact(0x1p-150));
}

TEST_CASE("floats_of_bytes: NaN and Inf are counted wherever they stand", "[convert][source]") {
  for (std::size_t size = 0; size < 40; ++size) {
    std::vector<float> values(size, std::numeric_limits<float>::max());
    CHECK(count_not_finite(values) == 0);
    for (std::size_t i = 0; i < size; ++i) {
      auto faulty = values;
      faulty[i] = i % 2 == 0 ? -std::numeric_limits<float>::infinity()
                             : std::numeric_limits<float>::quiet_NaN();
      REQUIRE(count_not_finite(faulty) == 1);
      faulty[0] = std::nanf("");
      REQUIRE(count_not_finite(faulty) == (i == 0 ? 1 : 2));
    }
  }
}

TEST_CASE("floats_of_bytes: multiplied one by one", "[convert][source]") {
  std::vector<float> values(19);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = 0.1f * static_cast<float>(i) - 1.0f;
  auto wanted = values;
  for (auto& value : wanted) value *= 1.7f;
  multiply(values, 1.7f);
  CHECK(values == wanted);
}

}  // namespace waag::convert::testing
