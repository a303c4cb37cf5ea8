#include <algorithm>

#include "convert/quant/reference/arithmetic.h"
#include "convert/quant/reference/search.h"

namespace waag::convert::reference {
namespace {

// Of the least squares: scale = xl / ll.
struct Sums {
  float xl = 0;
  float ll = 0;
};

int level_of(float inverse, float x, int half) {
  return clamp(round_to_even(inverse * x), -half, half - 1);
}

Sums sums_at(float inverse, std::span<const float> x, std::span<const float> weights, int half) {
  Sums sums;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float level = as_float(level_of(inverse, x[i], half));
    sums.xl += weights[i] * x[i] * level;
    sums.ll += weights[i] * level * level;
  }
  return sums;
}

// Moves single levels where that raises xl^2 / ll. Returns whether any moved.
bool sweep(std::span<const float> x, std::span<int> levels, Sums& sums) {
  bool moved = false;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float weight = x[i] * x[i];
    const float old_level = as_float(levels[i]);
    Sums other{sums.xl - weight * x[i] * old_level, 0};
    if (!(other.xl > 0)) continue;
    other.ll = sums.ll - weight * old_level * old_level;
    const int level = clamp(round_to_even(x[i] * other.ll / other.xl), -4, 3);
    if (level == levels[i]) continue;
    const float new_level = as_float(level);
    other.xl += weight * x[i] * new_level;
    other.ll += weight * new_level * new_level;
    if (other.ll > 0 && other.xl * other.xl * sums.ll > sums.xl * sums.xl * other.ll) {
      levels[i] = level;
      sums = other;
      moved = true;
    }
  }
  return moved;
}

}  // namespace

float search_symmetric(std::span<const float> x, std::span<const float> weights, int half,
                       std::span<int> levels) {
  std::ranges::fill(levels, 0);
  const float largest = largest_magnitude(x);
  if (std::fabs(largest) < epsilon) return 0;

  float inverse = as_float(-half) / largest;
  const Sums first = sums_at(inverse, x, weights, half);
  float scale = first.ll != 0 ? first.xl / first.ll : 0.0f;
  float best = scale * first.xl;
  for (int k = -9; k <= 9; ++k) {
    if (k == 0) continue;
    const float candidate = -(as_float(half) + 0.1f * as_float(k)) / largest;
    const Sums sums = sums_at(candidate, x, weights, half);
    if (sums.ll > 0 && sums.xl * sums.xl > best * sums.ll) {
      inverse = candidate;
      scale = sums.xl / sums.ll;
      best = scale * sums.xl;
    }
  }
  for (std::size_t i = 0; i < x.size(); ++i) levels[i] = level_of(inverse, x[i], half) + half;
  return scale;
}

float sweep_symmetric(std::span<const float> x, std::span<int> levels) {
  constexpr int half = 4;
  constexpr int sweeps_max = 5;
  std::ranges::fill(levels, 0);
  const float largest = largest_magnitude(x);
  if (std::fabs(largest) < epsilon) return 0;

  const float inverse = as_float(-half) / largest;
  Sums sums;
  for (std::size_t i = 0; i < x.size(); ++i) {
    levels[i] = level_of(inverse, x[i], half);
    const float weight = x[i] * x[i];
    const float level = as_float(levels[i]);
    sums.xl += weight * x[i] * level;
    sums.ll += weight * level * level;
  }
  for (int count = 0; count < sweeps_max && sweep(x, levels, sums); ++count) {
  }
  for (int& level : levels) level += half;
  return sums.ll > 0 ? sums.xl / sums.ll : 0.0f;
}

}  // namespace waag::convert::reference
