#pragma once

#include <span>
#include <vector>

#include "convert/source/stored_tensor.h"

namespace waag::convert {

/// A stored matrix of 32-bit words, of which rectangles are read.
class WordMatrix {
 public:
  WordMatrix() = default;
  /// @return Errc::unprocessable, naming the tensor, if it is no matrix of I32 without gaps
  static Result<WordMatrix> of(const StoredTensor& stored);

  [[nodiscard]] std::uint64_t rows() const { return stored_.info.shape[0]; }
  [[nodiscard]] std::uint64_t columns() const { return stored_.info.shape[1]; }
  /// words.size() words of one row.
  Status read(std::uint64_t row, std::uint64_t first_column, std::span<std::uint32_t> words) const;

 private:
  StoredTensor stored_;
};

/// Scales of groups of input columns, one a group and output row: stored [groups, out].
struct GroupScales {
  StoredTensor stored;
  std::uint64_t groups = 0;

  /// @return Errc::unprocessable, naming the tensor, if it is not of `outputs` columns
  static Result<GroupScales> of(const StoredTensor& stored, std::uint64_t outputs);
  /// Of outputs [first, first + count): groups x count.
  Result<std::vector<float>> read(std::uint64_t first, std::uint64_t count) const;
};

}  // namespace waag::convert
