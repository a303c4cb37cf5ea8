#pragma once

#include <span>
#include <string>
#include <vector>

#include "convert/forward/kernels/workers.h"
#include "convert/forward/weights/model_weights.h"

namespace waag::convert {

/// Weights, and who multiplies with them.
struct Engine {
  const ModelWeights& weights;
  Workers& workers;
};

/// Some rows of a weight matrix.
struct WeightRows {
  std::string name;
  std::uint64_t all_rows = 0;  // of the matrix; of another shape it is refused
  std::uint64_t columns = 0;
  std::uint64_t first_row = 0;
  std::uint64_t rows = 0;
};

/// All of a matrix.
inline WeightRows whole(std::string name, std::uint64_t rows, std::uint64_t columns) {
  return {std::move(name), rows, columns, 0, rows};
}

/// y = x W^T in F32. Each tile of W is read once, by the worker that multiplies with it.
/// @param x  one row of `columns` values a token
/// @param y  one row of `rows` values a token: what was there is lost
/// @return Errc::unprocessable if the matrix has another shape or is not there; errors of reading
Status multiply(const Engine& engine, const WeightRows& matrix, std::span<const float> x,
                std::span<float> y);

/// A weight of one dimension, or of one row.
/// @return likewise
Result<std::vector<float>> read_vector(const ModelWeights& weights, const std::string& name,
                                       std::uint64_t size);

}  // namespace waag::convert
