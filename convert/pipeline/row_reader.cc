#include "convert/pipeline/row_reader.h"

#include <algorithm>

namespace waag::convert {
namespace {

/// Rows that must stay in one tile.
std::uint64_t rows_together(const RowRun& run) {
  switch (run.order) {
    case RowRun::Order::paired:
      return run.group;
    case RowRun::Order::transposed:
      return run.rows();
    default:
      return 1;
  }
}

/// Elements of a vector count as rows where these change places.
bool is_vector(const RowRun& run) { return run.source->shape.size() <= 1; }

/// Puts the rows of each group in pairs: out 2i + j from in j * group / 2 + i.
void pair_rows(std::span<const float> in, std::uint64_t columns, std::uint64_t group,
               std::span<float> out) {
  const auto half = group / 2;
  const auto rows = in.size() / columns;
  for (std::uint64_t row = 0; row < rows; ++row) {
    const auto base = row / group * group;
    const auto within = row - base;
    const auto from = base + within % 2 * half + within / 2;
    std::copy_n(in.begin() + static_cast<std::ptrdiff_t>(from * columns), columns,
                out.begin() + static_cast<std::ptrdiff_t>(row * columns));
  }
}

void transpose(std::span<const float> in, std::uint64_t rows, std::uint64_t columns,
               std::span<float> out) {
  for (std::uint64_t row = 0; row < rows; ++row)
    for (std::uint64_t column = 0; column < columns; ++column)
      out[column * rows + row] = in[row * columns + column];
}

}  // namespace

std::vector<Tile> cut_into_tiles(const PlannedTensor& tensor, std::uint64_t values) {
  std::vector<Tile> tiles;
  std::uint64_t output_row = 0;
  if (tensor.runs.empty()) tiles.push_back({.rows = tensor.rows()});
  for (std::size_t index = 0; index < tensor.runs.size(); ++index) {
    const auto& run = tensor.runs[index];
    const auto run_rows = is_vector(run) ? 1 : run.rows();
    const auto together = is_vector(run) ? 1 : rows_together(run);
    const auto group_values = std::max<std::uint64_t>(1, together * run.columns());
    const auto step = std::max<std::uint64_t>(1, values / group_values) * together;
    for (std::uint64_t row = 0; row < run_rows; row += step) {
      const auto rows = std::min(step, run_rows - row);
      tiles.push_back({.run = index, .first_row = row, .rows = rows, .output_row = output_row});
      output_row += rows;
    }
  }
  return tiles;
}

std::uint64_t values_of(const PlannedTensor& tensor, const Tile& tile) {
  if (tensor.runs.empty()) return tensor.constant.size();
  return tile.rows * tensor.runs[tile.run].columns();
}

Status read_tile(const SourceModel& model, const PlannedTensor& tensor, const Tile& tile,
                 std::span<float> values, std::vector<float>& scratch) {
  if (tensor.runs.empty()) {
    std::ranges::copy(tensor.constant, values.begin());
    return ok();
  }
  const auto& run = tensor.runs[tile.run];
  if (run.order == RowRun::Order::as_they_are)
    return model.read_rows(*run.source, run.first_row + tile.first_row, tile.rows, values);
  scratch.resize(values.size());
  if (run.order == RowRun::Order::transposed) {
    // One tile holds the run: its rows are the source's columns.
    WAAG_CHECK(model.read_rows(*run.source, run.first_row, run.source_rows, scratch));
    transpose(scratch, run.source_rows, run.source->columns(), values);
    return ok();
  }
  WAAG_CHECK(model.read_rows(*run.source, run.first_row + tile.first_row, tile.rows, scratch));
  pair_rows(scratch, is_vector(run) ? 1 : run.columns(), run.group, values);
  return ok();
}

}  // namespace waag::convert
