#pragma once

#include <span>
#include <vector>

#include "convert/arch/tensor_plan.h"

namespace waag::convert {

/// A part of an output tensor that is made in one go.
struct Tile {
  std::size_t run = 0;          // index into the tensor's runs
  std::uint64_t first_row = 0;  // of the run's output rows
  std::uint64_t rows = 0;
  std::uint64_t output_row = 0;  // of the whole tensor: where they go
};

/// Cuts a tensor into tiles of about `values` values; each keeps to one run and holds whole groups
/// of rows that change places among each other.
std::vector<Tile> cut_into_tiles(const PlannedTensor& tensor, std::uint64_t values);

std::uint64_t values_of(const PlannedTensor& tensor, const Tile& tile);

/// Reads the values of a tile, in the order of the output.
/// @param values   values_of() the tile
/// @param scratch  memory that is kept between calls
Status read_tile(const SourceModel& model, const PlannedTensor& tensor, const Tile& tile,
                 std::span<float> values, std::vector<float>& scratch);

}  // namespace waag::convert
