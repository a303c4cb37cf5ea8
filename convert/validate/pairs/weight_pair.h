#pragma once

#include "convert/forward/kernels/workers.h"
#include "convert/quant/tensor_type.h"
#include "convert/source/weight_file.h"
#include "convert/validate/weight_errors.h"

namespace waag::convert {

/// Values that are compared at a time.
inline constexpr std::uint64_t pair_tile_values = 1 << 18;

/// Where the bytes of a tensor stand in a file.
struct BytesOfTensor {
  std::shared_ptr<const WeightFile> file;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// A tensor of a result beside what it was made of.
struct WeightPair {
  std::string name;  // the first three as WeightErrors
  std::string type;
  std::vector<std::uint64_t> shape;
  bool is_lenient = false;  // as WeightErrors
  BytesOfTensor bytes;
  std::uint64_t columns = 1;
  std::uint64_t block_values = 1;  // 1: a row is what is counted as a block
  /// F32, F16 or BF16, if the file's values are of it and the source's are floats, too: what it
  /// holds exactly has to be there.
  std::optional<TensorType> kept_in;
  std::vector<std::uint64_t> tiles;  // rows of each, in order; empty: stands for no weight

  /// Fills in whole rows, those of a tile: the source's values and the file's, which need not be
  /// finite. Called on any thread.
  /// @return how many are beyond what their codes reach, if codes have an end
  std::function<Result<std::optional<std::uint64_t>>(
      std::size_t tile, std::uint64_t first_row, std::span<float> source, std::span<float> made)>
      read;
};

/// Tiles of whole rows, of about pair_tile_values values.
/// @param together  rows that must stay in one, but for the last
std::vector<std::uint64_t> tiles_of_rows(std::uint64_t rows, std::uint64_t columns,
                                         std::uint64_t together = 1);

/// Whether a weight of the source is stored as floats, and not in FP8 or codes.
bool is_plain_float(const SourceTensor& tensor);

/// Reads both, tile by tile, and the file's bytes once more for their hash.
Result<WeightErrors> measure_pair(const WeightPair& pair, Workers& workers);

}  // namespace waag::convert
