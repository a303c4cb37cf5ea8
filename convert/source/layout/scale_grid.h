#pragma once

#include <optional>
#include <span>
#include <vector>

#include "convert/source/stored_tensor.h"

namespace waag::convert {

/// Scales (or zero points) of a weight seen as one matrix out x in, or a stack of such: each stands
/// for a rectangle of the matrix. Rectangles at the right and lower edge may be partial.
class ScaleGrid {
 public:
  /// Finds out what the scales stand for by their shape: one for all; [stack]; [out] or [out, 1];
  /// [out, in / n] for n dividing in; and, where `block` is given, one a block of that many rows
  /// and columns.
  /// @param shape  of the weight, rank 2 or 3
  /// @return Errc::unprocessable, naming the tensor of scales, if no such reading fits
  static Result<ScaleGrid> of(const std::vector<std::uint64_t>& shape, const StoredTensor& scales,
                              std::optional<std::pair<std::uint64_t, std::uint64_t>> block);

  /// Of one row of the weight (of all matrices of the stack, one after the other).
  [[nodiscard]] std::uint64_t values_per_row() const { return grid_columns_; }
  /// Columns that share a value.
  [[nodiscard]] std::uint64_t column_extent() const { return column_extent_; }
  /// Which row of the grid a row of the weight has: equal for rows that share their values.
  [[nodiscard]] std::uint64_t grid_row(std::uint64_t row) const;
  /// @param values  values_per_row()
  Status read(std::uint64_t grid_row, std::span<float> values) const;

 private:
  StoredTensor scales_;
  std::uint64_t matrix_rows_ = 1;    // of the weight
  std::uint64_t row_extent_ = 1;     // rows that share a value
  std::uint64_t column_extent_ = 1;  // likewise columns
  std::uint64_t grid_rows_ = 1;      // of one matrix
  std::uint64_t grid_columns_ = 1;
};

/// Multiplies each row by its scales.
/// @param values  whole rows from first_row on, of `columns` each
Status multiply_by(const ScaleGrid& grid, std::uint64_t first_row, std::uint64_t columns,
                   std::span<float> values);

}  // namespace waag::convert
