#include "convert/gpu/linear_units.h"

#include <cstring>

#include <catch2/catch.hpp>

#include "convert/quant/linear/quantize_linear.h"
#include "tests/convert/device/twin_device.h"
#include "tests/convert/quant/sample_rows.h"

namespace waag::convert::testing {
namespace {

constexpr std::array formats{LinearFormat::fp8_dynamic, LinearFormat::fp8_block, LinearFormat::int8,
                             LinearFormat::w4a16, LinearFormat::nvfp4};

TileWork work_of(LinearFormat format, LinearShape shape, model::Dtype dtype, float global_scale) {
  TileWork work{.target = format, .rows = shape.rows, .columns = shape.columns, .importance = {}};
  work.scale_dtype = dtype;
  work.global_scale = global_scale;
  const auto parts = linear_parts(format, shape, dtype);
  REQUIRE(parts);
  const auto bytes = [&](const LinearPart& part) {
    return (shape.rows + part.rows_per_unit - 1) / part.rows_per_unit * part.unit_bytes;
  };
  work.code_bytes = bytes((*parts)[0]);
  work.scale_bytes = bytes((*parts)[1]);
  return work;
}

void check(const TileWork& work, std::span<const float> values) {
  TwinDevice twin(1, TwinDevice::Pace::at_the_wait);
  const auto memory = twin.memory(0, work);
  REQUIRE(memory);
  std::ranges::copy(values, memory->values.begin());
  REQUIRE(twin.submit(0, work));
  REQUIRE(twin.wait(0));
  Bytes expected(work.out_bytes());
  std::vector<float> copy(values.begin(), values.end());
  quantize_tile(work, {.values = copy, .out = expected});
  const auto differ = std::ranges::mismatch(expected, memory->out);
  CAPTURE(name_of(work), work.rows, work.columns, work.scale_dtype, differ.in1 - expected.begin(),
          work.code_bytes);
  CHECK(differ.in1 == expected.end());
}

}  // namespace

TEST_CASE("linear_units: the twin of a device gives the bits of the CPU", "[convert][gpu]") {
  const std::uint64_t rows = 300;
  const auto values = sample_rows(7, rows);
  const auto largest = largest_magnitude(values);
  for (const auto format : formats)
    for (const auto dtype : {model::Dtype::f32, model::Dtype::f16, model::Dtype::bf16})
      for (const float global : {nvfp4_global_scale(largest), 1.0f, 3.3e-3f})
        check(work_of(format, {rows, sample_columns}, dtype, global), values);
}

TEST_CASE("linear_units: shapes that end within a rectangle or a team", "[convert][gpu]") {
  const auto values = sample_rows(0, 300);
  for (const auto& [rows, columns] : {std::pair<std::uint64_t, std::uint64_t>{1, 128},
                                      {1, 384},
                                      {129, 128},
                                      {127, 640},
                                      {257, 256}})
    for (const auto format : formats)
      check(work_of(format, {rows, columns}, model::Dtype::bf16, 2.0f),
            std::span(values).first(rows * columns));
  for (const auto& [rows, columns] :
       {std::pair<std::uint64_t, std::uint64_t>{1, 1}, {3, 33}, {130, 129}, {5, 31}})
    for (const auto format :
         {LinearFormat::fp8_dynamic, LinearFormat::fp8_block, LinearFormat::int8})
      check(work_of(format, {rows, columns}, model::Dtype::f16, 1.0f),
            std::span(values).first(rows * columns));
}

TEST_CASE("linear_units: every BF16 that is a number, and large sizes", "[convert][gpu]") {
  std::vector<float> values(1 << 16);
  for (std::uint32_t code = 0; code < values.size(); ++code)
    values[code] = std::bit_cast<float>((code & 0x7f80) == 0x7f80 ? 0x3f800000u : code << 16);
  for (const auto format : formats)
    for (const auto dtype : {model::Dtype::f32, model::Dtype::f16, model::Dtype::bf16})
      check(work_of(format, {values.size() / 256, 256}, dtype, 1.0f), values);
}

}  // namespace waag::convert::testing
