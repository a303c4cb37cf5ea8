#include "convert/quant/linear/linear_format.h"

#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

using model::Dtype;

/// "suffix dtype-number shape rows-per-unit unit-bytes" of each part.
std::vector<std::string> told(LinearFormat format, LinearShape shape, Dtype scale_dtype) {
  const auto parts = linear_parts(format, shape, scale_dtype);
  REQUIRE(parts);
  std::vector<std::string> lines;
  for (const auto& part : *parts) {
    std::string line(part.suffix);
    for (const auto extent : part.shape) line += " " + std::to_string(extent);
    lines.push_back(line + " / " + std::to_string(part.rows_per_unit) + " " +
                    std::to_string(part.unit_bytes));
  }
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("linear_format: the parts of each format", "[convert][quant][linear]") {
  const LinearShape shape{576, 1408};
  CHECK(told(LinearFormat::fp8_dynamic, shape, Dtype::bf16) ==
        Lines{"weight 576 1408 / 1 1408", "weight_scale 576 1 / 1 2"});
  CHECK(told(LinearFormat::fp8_block, shape, Dtype::bf16) ==
        Lines{"weight 576 1408 / 1 1408", "weight_scale_inv 5 11 / 128 44"});
  CHECK(told(LinearFormat::int8, shape, Dtype::f32) ==
        Lines{"weight 576 1408 / 1 1408", "weight_scale 576 1 / 1 4"});
  CHECK(told(LinearFormat::w4a16, shape, Dtype::f16) == Lines{"weight_packed 576 176 / 1 704",
                                                              "weight_scale 576 11 / 1 22",
                                                              "weight_shape 2 / 0 0"});
  CHECK(told(LinearFormat::nvfp4, shape, Dtype::bf16) == Lines{"weight_packed 576 704 / 1 704",
                                                               "weight_scale 576 88 / 1 88",
                                                               "weight_global_scale 1 / 0 0"});
  const auto nvfp4 = linear_parts(LinearFormat::nvfp4, shape, Dtype::bf16);
  CHECK((*nvfp4)[0].dtype == Dtype::u8);
  CHECK((*nvfp4)[1].dtype == Dtype::f8_e4m3);
  CHECK((*nvfp4)[2].dtype == Dtype::f32);
  const auto w4a16 = linear_parts(LinearFormat::w4a16, shape, Dtype::f16);
  CHECK((*w4a16)[0].dtype == Dtype::i32);
  CHECK((*w4a16)[1].dtype == Dtype::f16);
  CHECK((*w4a16)[2].dtype == Dtype::i64);
  CHECK((*linear_parts(LinearFormat::int8, shape, Dtype::f16))[0].dtype == Dtype::i8);
  const auto block = linear_parts(LinearFormat::fp8_block, shape, Dtype::bf16);
  CHECK((*block)[0].dtype == Dtype::f8_e4m3);
  CHECK((*block)[1].dtype == Dtype::f32);
}

TEST_CASE("linear_format: which shapes fit", "[convert][quant][linear]") {
  const auto fits = [](LinearFormat format, std::vector<std::uint64_t> shape) {
    return linear_format_fits(format, shape);
  };
  CHECK(fits(LinearFormat::fp8_block, {1, 1}));
  CHECK(fits(LinearFormat::int8, {3, 77}));
  CHECK(fits(LinearFormat::w4a16, {3, 256}));
  CHECK_FALSE(fits(LinearFormat::w4a16, {256, 192}));
  CHECK(fits(LinearFormat::nvfp4, {3, 16}));
  CHECK_FALSE(fits(LinearFormat::nvfp4, {16, 24}));
  CHECK_FALSE(fits(LinearFormat::int8, {4096}));
  CHECK_FALSE(fits(LinearFormat::int8, {8, 128, 128}));
  CHECK_FALSE(fits(LinearFormat::int8, {0, 128}));
  CHECK_FALSE(fits(LinearFormat::int8, {128, 0}));
}

TEST_CASE("linear_format: what is refused", "[convert][quant][linear]") {
  const auto refused = [](LinearFormat format, LinearShape shape, Dtype dtype) {
    const auto parts = linear_parts(format, shape, dtype);
    return !parts && parts.error().code == Errc::invalid_argument;
  };
  CHECK(refused(LinearFormat::w4a16, {128, 64}, Dtype::bf16));
  CHECK(refused(LinearFormat::int8, {0, 64}, Dtype::bf16));
  CHECK(refused(LinearFormat::int8, {1, 64}, Dtype::i8));
  CHECK(refused(LinearFormat::int8, {std::uint64_t{1} << 40, std::uint64_t{1} << 40}, Dtype::bf16));
  CHECK(refused(LinearFormat::fp8_block, {1, ~std::uint64_t{0}}, Dtype::bf16));
}

}  // namespace waag::convert::testing
