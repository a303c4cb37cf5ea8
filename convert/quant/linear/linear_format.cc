#include "convert/quant/linear/linear_format.h"

#include <limits>

namespace waag::convert {
namespace {

using model::Dtype;

/// Bytes of a scale stored in the model's type; 0 for a type that is no model's.
std::uint64_t scale_bytes(Dtype dtype) {
  if (dtype == Dtype::f32) return 4;
  return dtype == Dtype::f16 || dtype == Dtype::bf16 ? 2 : 0;
}

LinearPart codes_by_row(std::string_view suffix, Dtype dtype, LinearShape stored,
                        std::uint64_t row_bytes) {
  return {LinearRole::codes, suffix, dtype, {stored.rows, stored.columns}, 1, row_bytes};
}

LinearPart scales(std::string_view suffix, Dtype dtype, LinearShape stored,
                  std::uint64_t rows_per_unit, std::uint64_t bytes) {
  return {LinearRole::scales,    suffix, dtype, {stored.rows, stored.columns}, rows_per_unit,
          stored.columns * bytes};
}

}  // namespace

bool linear_format_fits(LinearFormat format, std::span<const std::uint64_t> shape) {
  if (shape.size() != 2 || shape[0] == 0 || shape[1] == 0) return false;
  if (format == LinearFormat::w4a16) return shape[1] % w4a16_group == 0;
  if (format == LinearFormat::nvfp4) return shape[1] % nvfp4_group == 0;
  return true;
}

Result<std::vector<LinearPart>> linear_parts(LinearFormat format, LinearShape shape,
                                             Dtype scale_dtype) {
  const std::uint64_t extents[] = {shape.rows, shape.columns};
  if (!linear_format_fits(format, extents))
    return fail(Errc::invalid_argument, "the format cannot hold a weight of this shape");
  // Room for the four bytes of a scale and the rounding up to blocks: no product below overflows.
  constexpr auto most = std::numeric_limits<std::uint64_t>::max() / 8;
  if (shape.columns > most - fp8_block_extent ||
      shape.rows > most / (shape.columns + fp8_block_extent))
    return fail(Errc::invalid_argument, "the weight's size overflows");
  const auto bytes = scale_bytes(scale_dtype);
  if (bytes == 0) return fail(Errc::invalid_argument, "scales are stored in F32, F16 or BF16");
  const auto [rows, columns] = shape;
  const LinearShape blocks{(rows - 1) / fp8_block_extent + 1, (columns - 1) / fp8_block_extent + 1};
  switch (format) {
    case LinearFormat::fp8_dynamic:
      return std::vector{codes_by_row("weight", Dtype::f8_e4m3, shape, columns),
                         scales("weight_scale", scale_dtype, {rows, 1}, 1, bytes)};
    case LinearFormat::fp8_block:
      return std::vector{
          codes_by_row("weight", Dtype::f8_e4m3, shape, columns),
          scales("weight_scale_inv", Dtype::f32, blocks, fp8_block_extent, sizeof(float))};
    case LinearFormat::int8:
      return std::vector{codes_by_row("weight", Dtype::i8, shape, columns),
                         scales("weight_scale", scale_dtype, {rows, 1}, 1, bytes)};
    case LinearFormat::w4a16:
      return std::vector{
          codes_by_row("weight_packed", Dtype::i32, {rows, columns / 8}, columns / 2),
          scales("weight_scale", scale_dtype, {rows, columns / w4a16_group}, 1, bytes),
          LinearPart{LinearRole::shape, "weight_shape", Dtype::i64, {2}, 0, 0}};
    case LinearFormat::nvfp4:
      return std::vector{
          codes_by_row("weight_packed", Dtype::u8, {rows, columns / 2}, columns / 2),
          scales("weight_scale", Dtype::f8_e4m3, {rows, columns / nvfp4_group}, 1, 1),
          LinearPart{LinearRole::global_scale, "weight_global_scale", Dtype::f32, {1}, 0, 0}};
  }
  return fail(Errc::invalid_argument, "no such format");
}

}  // namespace waag::convert
