#include "convert/forward/kernels/matrix.h"

#include <algorithm>

#include "convert/forward/kernels/product.h"

namespace waag::convert {
namespace {

/// A tile of weights, and the block of tokens that it is multiplied with at a time, stay in a
/// core's cache of the second level (1 MB here) by slices of `depth_step` columns.
constexpr std::uint64_t tile_values = 1u << 18;
constexpr std::uint64_t token_step = 48;
constexpr std::uint64_t depth_step = 1024;
/// Rows of a tile are a whole number of the widest kernel's.
constexpr std::uint64_t row_step = 4;

Status check_shape(const ModelWeights& weights, const WeightRows& matrix) {
  const auto shape = weights.shape(matrix.name);
  if (!shape) return fail(Errc::unprocessable, "the model has no tensor " + matrix.name);
  std::uint64_t elements = 1;
  for (const auto extent : *shape) elements *= extent;
  if (shape->empty() || shape->back() != matrix.columns ||
      elements != matrix.all_rows * matrix.columns)
    return fail(Errc::unprocessable,
                matrix.name + ": is of another shape than its config.json has");
  return ok();
}

std::uint64_t rows_of_tile(const WeightRows& matrix, unsigned threads) {
  const auto of_cache = std::max<std::uint64_t>(1, tile_values / matrix.columns);
  // Small matrices are shared out, too.
  const auto of_thread = (matrix.rows + 2 * threads - 1) / (2 * threads);
  const auto rows = std::min(of_cache, of_thread);
  return std::max<std::uint64_t>(1, (rows + row_step - 1) / row_step) * row_step;
}

}  // namespace

Status multiply(const Engine& engine, const WeightRows& matrix, std::span<const float> x,
                std::span<float> y) {
  WAAG_CHECK(check_shape(engine.weights, matrix));
  const auto columns = matrix.columns;
  const auto tokens = x.size() / columns;
  const auto step = rows_of_tile(matrix, engine.workers.threads());
  std::ranges::fill(y, 0.0f);
  const auto work = [&](std::uint64_t tile) -> Status {
    const auto first = tile * step;
    const auto rows = std::min(step, matrix.rows - first);
    std::vector<float> weights(rows * columns);
    WAAG_CHECK(engine.weights.read(matrix.name, matrix.first_row + first, weights));
    for (std::uint64_t k = 0; k < columns; k += depth_step)
      for (std::uint64_t token = 0; token < tokens; token += token_step)
        add_product({.left = x.data() + token * columns + k,
                     .left_stride = columns,
                     .left_rows = std::min(token_step, tokens - token),
                     .right = weights.data() + k,
                     .right_stride = columns,
                     .right_rows = rows,
                     .depth = std::min(depth_step, columns - k),
                     .out = y.data() + token * matrix.rows + first,
                     .out_stride = matrix.rows});
    return ok();
  };
  return engine.workers.each((matrix.rows + step - 1) / step, work);
}

Result<std::vector<float>> read_vector(const ModelWeights& weights, const std::string& name,
                                       std::uint64_t size) {
  WAAG_CHECK(check_shape(weights, whole(name, 1, size)));
  std::vector<float> values(size);
  WAAG_CHECK(weights.read(name, 0, values));
  return values;
}

}  // namespace waag::convert
