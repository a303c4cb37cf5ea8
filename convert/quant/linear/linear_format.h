#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "protocol/model/tensor.h"
#include "protocol/result.h"

// The formats that a Linear weight is stored in beside its own (FORMATS 5.2). None needs
// calibration data.

namespace waag::convert {

enum class LinearFormat : std::uint8_t {
  fp8_dynamic,  // E4M3, a scale per row; compressed-tensors "float-quantized"
  fp8_block,    // E4M3, a scale per 128x128 block; as DeepSeek-V3 publishes
  int8,         // a scale per row; compressed-tensors "int-quantized"
  w4a16,        // 4-bit integers, a scale per 128 columns; compressed-tensors "pack-quantized"
  nvfp4,        // E2M1, an E4M3 scale per 16 columns, one F32 scale; "nvfp4-pack-quantized"
};

inline constexpr std::uint64_t fp8_block_extent = 128;
inline constexpr std::uint64_t w4a16_group = 128;
inline constexpr std::uint64_t nvfp4_group = 16;

/// Of a weight: y = W x with W of out_features rows and in_features columns.
struct LinearShape {
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
};

/// What a stored tensor of a quantized weight holds.
enum class LinearRole : std::uint8_t {
  codes,         // of every value; rows in order, rows_per_unit of them a unit
  scales,        // rows in order, rows_per_unit rows of the weight a unit
  shape,         // rows and columns of the weight, I64
  global_scale,  // of the whole weight, F32
};

/// One of the stored tensors that a quantized weight becomes.
struct LinearPart {
  LinearRole role{LinearRole::codes};
  std::string_view suffix;  // takes the place of "weight" at the end of the weight's name
  model::Dtype dtype{model::Dtype::f32};
  std::vector<std::uint64_t> shape;  // slowest dimension first
  /// Rows [r, r + n) of the weight, r a multiple of rows_per_unit, have their bytes at
  /// r / rows_per_unit * unit_bytes, and take ceil(n / rows_per_unit) * unit_bytes. 0: not by rows.
  std::uint64_t rows_per_unit = 0;
  std::uint64_t unit_bytes = 0;
};

/// Rows that one call of quantize_linear_rows must take at once: its first row is a multiple.
constexpr std::uint64_t linear_rows_together(LinearFormat format) {
  return format == LinearFormat::fp8_block ? fp8_block_extent : 1;
}

/// Whether the format can hold a weight of that shape (slowest dimension first): two dimensions,
/// not empty, the columns a whole number of groups.
bool linear_format_fits(LinearFormat format, std::span<const std::uint64_t> shape);

/// The stored tensors, codes first.
/// @param scale_dtype  the model's: F32, F16 or BF16. fp8_block and nvfp4 fix theirs
/// @return Errc::invalid_argument if the format cannot hold the shape, the product of its extents
/// overflows, or the type is no such one
Result<std::vector<LinearPart>> linear_parts(LinearFormat format, LinearShape shape,
                                             model::Dtype scale_dtype);

}  // namespace waag::convert
