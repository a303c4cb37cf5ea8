#include "convert/validate/weight_gates.h"

#include <numbers>

#include <catch2/catch.hpp>

#include "convert/quant/linear/quantize_linear.h"
#include "convert/validate/pairs/error_sums.h"
#include "tests/convert/quant/golden.h"
#include "tests/convert/validate/normal_model.h"

namespace waag::convert::testing {
namespace {

constexpr std::uint64_t columns = 4096;
constexpr std::uint64_t values_measured = 64 * columns;

/// Student's t of four degrees of freedom, whose tails are heavier than those of trained weights.
std::vector<float> heavy_values() {
  constexpr std::size_t degrees = 4;
  auto values = normal_values(2, values_measured);
  const auto others = normal_values(3, degrees * values_measured);
  for (std::size_t i = 0; i < values.size(); ++i) {
    double squares = 0;
    for (std::size_t j = 0; j < degrees; ++j)
      squares += double{others[degrees * i + j]} * others[degrees * i + j];
    const auto value = 0.02 * values[i] / std::sqrt(squares / degrees) / std::numbers::sqrt2;
    values[i] = bfloat_to_float(float_to_bfloat(static_cast<float>(value)));
  }
  return values;
}

double sqnr_db(std::span<const float> source, std::span<const float> made) {
  const auto sums = sums_of(source, made);
  return 10 * std::log10(sums.source / sums.error);
}

double measured(TensorType type, const std::vector<float>& values,
                std::span<const float> importance = {}) {
  const auto blocks = blocks_of(type, values, columns, importance, best_lanes());
  return sqnr_db(values, values_of(type, blocks));
}

double measured(LinearFormat format, const std::vector<float>& values) {
  constexpr auto dtype = model::Dtype::bf16;
  const auto rows = values.size() / columns;
  const auto parts = linear_parts(format, {rows, columns}, dtype);
  REQUIRE(parts);
  const auto bytes_of = [&](const LinearPart& part) {
    return Bytes((rows + part.rows_per_unit - 1) / part.rows_per_unit * part.unit_bytes);
  };
  auto codes = bytes_of((*parts)[0]), scales = bytes_of((*parts)[1]);
  const auto global_scale = nvfp4_global_scale(largest_magnitude(values));
  quantize_linear_rows(format, {values, columns, dtype, global_scale, codes, scales});
  std::vector<float> made(values.size());
  dequantize_linear_rows(format, {codes, scales, columns, dtype, global_scale}, made);
  return sqnr_db(values, made);
}

WeightErrors sound() {
  WeightErrors errors;
  errors.name = "blk.3.ffn_down.weight";
  errors.type = "Q4_K";
  errors.elements = 256;
  errors.largest = 1;
  errors.largest_error = 0.1;
  errors.sqnr_db = 22.9;
  errors.row_sqnr_db = 21;
  return errors;
}

}  // namespace

TEST_CASE("weight_gates: three dB below what the type has of normal values",
          "[convert][validate][weight_gates]") {
  CHECK(weight_faults(sound()).empty());
  auto errors = sound();
  errors.sqnr_db = 19.91;
  CHECK(weight_faults(errors).empty());
  errors.sqnr_db = 12.13;
  const auto faults = weight_faults(errors);
  REQUIRE(faults.size() == 1);
  CHECK(faults[0] == "blk.3.ffn_down.weight (Q4_K): 12.1 dB, at least 19.9 are expected");
  CHECK(*least_sqnr_db("Q2_K") == Approx(7.6));
  CHECK_FALSE(least_sqnr_db("Q9_K"));
  errors.sqnr_db = 17.95;
  CHECK(weight_faults(errors).size() == 1);
  errors.is_lenient = true;
  CHECK(weight_faults(errors).empty());
}

TEST_CASE("weight_gates: our quantizers reach what each block type is expected to",
          "[convert][validate][weight_gates]") {
  const auto values = normal_values(1, values_measured);
  const auto heavy = heavy_values();
  std::vector<float> importance(columns);
  test::SplitMix words(4);
  for (auto& weight : importance) weight = static_cast<float>(words.below(1000) + 1);
  auto skewed = normal_values(5, columns);
  for (auto& weight : skewed) weight = std::exp(2 * weight / 0.02f);
  for (const auto type : all_types) {
    const std::string name(block_of(type).name);
    CAPTURE(name);
    const auto least = least_sqnr_db(name);
    REQUIRE(least);
    if (block_of(type).block_elements == 1) continue;
    CHECK(measured(type, values) == Approx(*least + 3).margin(0.1));
    CHECK(measured(type, heavy) > *least);
    CHECK(measured(type, values, importance) > *least);
    CHECK(measured(type, heavy, skewed) > *least_sqnr_db(name, true));
  }
}

TEST_CASE("weight_gates: our quantizers reach what each format is expected to",
          "[convert][validate][weight_gates]") {
  struct Case {
    LinearFormat format;
    std::string_view name;
    double normal, heavy;
  };
  const std::vector<Case> cases{{LinearFormat::fp8_dynamic, "fp8-dynamic", 31.5, 31.7},
                                {LinearFormat::fp8_block, "fp8-block", 31.5, 31.6},
                                {LinearFormat::int8, "int8", 41.3, 31.3},
                                {LinearFormat::w4a16, "w4a16", 19.1, 14.7},
                                {LinearFormat::nvfp4, "nvfp4", 20.4, 20.7}};
  const auto values = normal_values(1, values_measured);
  const auto heavy = heavy_values();
  for (const auto& each : cases) {
    CAPTURE(each.name);
    const auto least = least_sqnr_db(each.name);
    REQUIRE(least);
    CHECK(measured(each.format, values) == Approx(each.normal).margin(0.2));
    // One outlier decides the scale of a row of int8: few values, few outliers.
    const auto margin = each.format == LinearFormat::int8 ? 2.5 : 0.3;
    CHECK(measured(each.format, heavy) == Approx(each.heavy).margin(margin));
    CHECK(*least < std::min(each.heavy, each.normal) - 0.9);
  }
}

TEST_CASE("weight_gates: floats are rounded once", "[convert][validate][weight_gates]") {
  auto values = normal_values(1, values_measured);
  test::SplitMix words(5);
  for (auto& value : values) value *= 1 + static_cast<float>(words.below(4096)) * 0x1p-16f;
  CHECK(measured(TensorType::bf16, values) == Approx(*least_sqnr_db("BF16") + 3).margin(0.1));
  CHECK(measured(TensorType::f16, values) > 73);
}

TEST_CASE("weight_gates: exact passes, of any type that is known",
          "[convert][validate][weight_gates]") {
  auto errors = sound();
  errors.sqnr_db.reset();
  errors.row_sqnr_db.reset();
  errors.largest_error = 0;
  CHECK(weight_faults(errors).empty());
  errors.type = "F64";  // copied as it came
  CHECK(weight_faults(errors).empty());
  errors.type = "Q9_K";
  CHECK(weight_faults(errors) ==
        std::vector<std::string>{"blk.3.ffn_down.weight (Q9_K): no limit is known for the type"});
  errors.elements = 0;
  CHECK(weight_faults(errors).empty());
}

TEST_CASE("weight_gates: each fault is named", "[convert][validate][weight_gates]") {
  auto errors = sound();
  errors.not_finite = 2;
  errors.not_kept = 3;
  errors.row_sqnr_db = -3;
  const auto faults = weight_faults(errors);
  REQUIRE(faults.size() == 3);
  CHECK(faults[0].ends_with("2 values are NaN or Inf"));
  CHECK(faults[1].ends_with("3 values are others, which the type holds exactly"));
  CHECK(faults[2].ends_with("a row has -3.0 dB, at least 6.5 are expected"));
  errors = sound();
  errors.row_sqnr_db = -100;
  CHECK(weight_faults(errors).front().ends_with("a row has -100.0 dB, at least 6.5 are expected"));
  errors = sound();
  errors.largest = 0;
  errors.sqnr_db.reset();
  errors.row_sqnr_db.reset();
  CHECK(weight_faults(errors).front().ends_with("its source is all zero, and it is not"));
}

}  // namespace waag::convert::testing
