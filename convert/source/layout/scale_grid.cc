#include "convert/source/layout/scale_grid.h"

#include <algorithm>

#include "convert/source/decode/floats_of_bytes.h"

namespace waag::convert {
namespace {

using Shape = std::vector<std::uint64_t>;

std::uint64_t divide_up(std::uint64_t value, std::uint64_t by) {
  return value / by + (value % by == 0 ? 0 : 1);
}

std::string text_of(const Shape& shape) {
  std::string text = "[";
  for (const auto extent : shape) text += (text.size() > 1 ? "," : "") + std::to_string(extent);
  return text + "]";
}

}  // namespace

Result<ScaleGrid> ScaleGrid::of(const Shape& shape, const StoredTensor& scales,
                                std::optional<std::pair<std::uint64_t, std::uint64_t>> block) {
  const auto& have = scales.info.shape;
  const auto misfit = [&] {
    return fail(Errc::unprocessable, scales.info.name + ": its shape " + text_of(have) +
                                         " does not fit a weight of " + text_of(shape));
  };
  if (!scales.strides.empty())
    return fail(Errc::unprocessable, scales.info.name + ": has strides, which scales may not");
  if (shape.size() < 2 || shape.size() > 3) return misfit();
  if (std::ranges::count(shape, 0u) > 0 || std::ranges::count(have, 0u) > 0) return misfit();
  const auto rows = shape[shape.size() - 2];
  const auto columns = shape.back();
  const Shape stack(shape.begin(), shape.end() - 2);
  const auto is = [&](std::initializer_list<std::uint64_t> tail) {
    Shape wanted = stack;
    wanted.insert(wanted.end(), tail);
    return have == wanted;
  };
  ScaleGrid grid;
  grid.scales_ = scales;
  grid.matrix_rows_ = rows;
  grid.row_extent_ = rows;
  grid.column_extent_ = columns;
  if (scales.elements() == 1) {
    grid.matrix_rows_ = grid.row_extent_ = rows * (stack.empty() ? 1 : stack[0]);
    return grid;
  }
  if (block) {
    grid.row_extent_ = std::min(block->first, rows);
    grid.column_extent_ = std::min(block->second, columns);
    grid.grid_rows_ = divide_up(rows, grid.row_extent_);
    grid.grid_columns_ = divide_up(columns, grid.column_extent_);
    if (is({grid.grid_rows_, grid.grid_columns_})) return grid;
  }
  if (!stack.empty() && (is({}) || is({1, 1}))) {
    grid.row_extent_ = rows;
    grid.column_extent_ = columns;
    grid.grid_rows_ = grid.grid_columns_ = 1;
    return grid;
  }
  const bool flat = is({rows});
  if (!flat && (have.size() != shape.size() || !is({rows, have.back()}))) return misfit();
  const auto groups = flat ? 1 : have.back();
  if (columns % groups != 0) return misfit();
  grid.row_extent_ = 1;
  grid.grid_rows_ = rows;
  grid.grid_columns_ = groups;
  grid.column_extent_ = columns / groups;
  return grid;
}

std::uint64_t ScaleGrid::grid_row(std::uint64_t row) const {
  return row / matrix_rows_ * grid_rows_ + row % matrix_rows_ / row_extent_;
}

Status ScaleGrid::read(std::uint64_t grid_row, std::span<float> values) const {
  return read_floats(scales_, grid_row * grid_columns_, values);
}

Status multiply_by(const ScaleGrid& grid, std::uint64_t first_row, std::uint64_t columns,
                   std::span<float> values) {
  std::vector<float> scales(grid.values_per_row());
  std::optional<std::uint64_t> held;  // the grid's row that `scales` are of
  for (std::uint64_t row = 0; row * columns < values.size(); ++row) {
    const auto wanted = grid.grid_row(first_row + row);
    if (held != wanted) WAAG_CHECK(grid.read(wanted, scales));
    held = wanted;
    auto rest = values.subspan(row * columns, columns);
    for (const float scale : scales) {
      const auto part = std::min<std::uint64_t>(grid.column_extent(), rest.size());
      multiply(rest.first(part), scale);
      rest = rest.subspan(part);
    }
  }
  return ok();
}

}  // namespace waag::convert
