#include <algorithm>

#include "convert/quant/reference/arithmetic.h"
#include "convert/quant/reference/search.h"

namespace waag::convert::reference {
namespace {

int level_of(float inverse, float x, int levels_max) {
  return std::min(levels_max, round_to_even(inverse * x));
}

float error_at(float inverse, std::span<const float> x, std::span<const float> weights,
               int levels_max) {
  const float scale = 1.0f / inverse;
  float error = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float difference = x[i] - scale * as_float(level_of(inverse, x[i], levels_max));
    error += weights[i] * difference * difference;
  }
  return error;
}

float best_inverse(std::span<const float> x, std::span<const float> weights, int levels_max,
                   float largest) {
  float best = as_float(levels_max) / largest;
  float best_error = error_at(best, x, weights, levels_max);
  for (int k = -4; k <= 4; ++k) {
    if (k == 0) continue;
    const float candidate = (0.1f * as_float(k) + as_float(levels_max)) / largest;
    const float error = error_at(candidate, x, weights, levels_max);
    if (error < best_error) {
      best_error = error;
      best = candidate;
    }
  }
  return best;
}

// Of the least squares: scale = xl / ll.
struct Sums {
  float xl = 0;
  float ll = 0;
};

// Moves single levels where that raises xl^2 / ll. Returns whether any moved.
bool sweep(std::span<const float> x, std::span<const float> weights, int levels_max,
           std::span<int> levels, Sums& sums) {
  bool moved = false;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float old_level = as_float(levels[i]);
    Sums other{sums.xl - weights[i] * x[i] * old_level,
               sums.ll - weights[i] * old_level * old_level};
    if (!(other.xl > 0 && other.ll > 0)) continue;
    const int level = std::min(levels_max, round_to_even(x[i] * other.ll / other.xl));
    if (level == levels[i]) continue;
    const float new_level = as_float(level);
    other.xl += weights[i] * x[i] * new_level;
    other.ll += weights[i] * new_level * new_level;
    if (other.xl * other.xl * sums.ll > sums.xl * sums.xl * other.ll) {
      levels[i] = level;
      sums = other;
      moved = true;
    }
  }
  return moved;
}

}  // namespace

float search_positive(std::span<const float> x, std::span<const float> weights, int levels_max,
                      std::span<int> levels) {
  constexpr int sweeps_max = 5;
  const float largest = largest_or_zero(x);
  if (largest < epsilon) {
    std::ranges::fill(levels, 0);
    return 0;
  }
  const float inverse = best_inverse(x, weights, levels_max, largest);
  Sums sums;
  for (std::size_t i = 0; i < x.size(); ++i) {
    levels[i] = level_of(inverse, x[i], levels_max);
    const float level = as_float(levels[i]);
    sums.xl += weights[i] * x[i] * level;
    sums.ll += weights[i] * level * level;
  }
  for (int count = 0; count < sweeps_max && sweep(x, weights, levels_max, levels, sums); ++count) {
  }
  return sums.ll > 0 ? sums.xl / sums.ll : 0.0f;
}

}  // namespace waag::convert::reference
