#include <algorithm>

#include "convert/quant/reference/arithmetic.h"
#include "convert/quant/reference/search.h"

namespace waag::convert::reference {
namespace {

using Levels = std::array<int, search_elements_max>;

// What is fixed while candidates come and go.
struct Block {
  std::span<const float> x;
  std::span<const float> weights;
  int levels_max = 0;
  bool absolute = false;
  float sum_w = 0;
  float sum_wx = 0;
};

// x ~ scale * level + lowest, with the sign that the search works in.
struct Fit {
  float scale = 0;
  float lowest = 0;
};

void assign_levels(const Block& block, float inverse, float lowest, Levels& levels) {
  for (std::size_t i = 0; i < block.x.size(); ++i)
    levels[i] = clamp(round_to_even(inverse * (block.x[i] - lowest)), 0, block.levels_max);
}

float error_of(const Block& block, const Fit& fit, const Levels& levels) {
  float error = 0;
  for (std::size_t i = 0; i < block.x.size(); ++i) {
    const float difference = fit.scale * as_float(levels[i]) + fit.lowest - block.x[i];
    error += block.weights[i] * (block.absolute ? std::fabs(difference) : difference * difference);
  }
  return error;
}

// The least squares for given levels; false if they do not determine a line.
bool fit_line(const Block& block, const Levels& levels, Fit& fit) {
  float sum_l = 0;
  float sum_ll = 0;
  float sum_xl = 0;
  for (std::size_t i = 0; i < block.x.size(); ++i) {
    const float level = as_float(levels[i]);
    const float weighted = block.weights[i] * level;
    sum_l += weighted;
    sum_ll += weighted * level;
    sum_xl += weighted * block.x[i];
  }
  const float determinant = block.sum_w * sum_ll - sum_l * sum_l;
  if (!(determinant > 0)) return false;
  fit.scale = (block.sum_w * sum_xl - block.sum_wx * sum_l) / determinant;
  fit.lowest = (sum_ll * block.sum_wx - sum_l * sum_xl) / determinant;
  if (fit.lowest > 0) fit = {sum_xl / sum_ll, 0};
  return true;
}

}  // namespace

Affine search_affine(std::span<const float> x, std::span<const float> weights, int levels_max,
                     const AffineSteps& steps, std::span<int> levels) {
  Block block{x, weights, levels_max, steps.absolute, weights[0], weights[0] * x[0]};
  float min = x[0];
  float max = x[0];
  for (std::size_t i = 1; i < x.size(); ++i) {
    if (x[i] < min) min = x[i];
    if (x[i] > max) max = x[i];
    block.sum_w += weights[i];
    block.sum_wx += weights[i] * x[i];
  }
  const float lowest = min > 0 ? 0.0f : min;
  if (max <= lowest) {
    std::ranges::fill(levels, 0);
    return {0, -lowest};
  }

  const float inverse = as_float(levels_max) / (max - lowest);
  Fit best{1.0f / inverse, lowest};
  Levels kept{};
  assign_levels(block, inverse, lowest, kept);
  float best_error = error_of(block, best, kept);
  for (int k = 0; k <= steps.last; ++k) {
    // The minimum of the best fit moves the range of all later candidates (the reference does so).
    const float candidate =
        (steps.first + steps.step * as_float(k) + as_float(levels_max)) / (max - best.lowest);
    Levels tried{};
    assign_levels(block, candidate, best.lowest, tried);
    Fit fit;
    if (!fit_line(block, tried, fit)) continue;
    const float error = error_of(block, fit, tried);
    if (error < best_error) {
      kept = tried;
      best_error = error;
      best = fit;
    }
  }
  std::copy_n(kept.begin(), x.size(), levels.begin());
  return {best.scale, -best.lowest};
}

}  // namespace waag::convert::reference
