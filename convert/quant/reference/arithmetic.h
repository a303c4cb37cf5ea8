#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

// The conventions of the reference quantizers (FORMATS 3.0): binary32, left to right as written.

namespace waag::convert::reference {

/// Below this a block counts as zero.
inline constexpr float epsilon = 1e-15f;

/// Rounds half to even for |value| <= 4194303. Beyond that, Inf and NaN included, the result is
/// what the bits of the sum happen to say, as in ggml: callers clamp it.
constexpr int round_to_even(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value + 12582912.0f);
  return static_cast<int>(bits & 0x007fffffu) - 0x00400000;
}

/// Towards zero; INT_MIN for what no int holds, as x86-64 converts (a block of subnormals has an
/// infinite inverse scale).
constexpr int truncate(float value) {
  const bool fits = value >= -2147483648.0f && value < 2147483648.0f;
  return fits ? static_cast<int>(value) : std::numeric_limits<int>::min();
}

constexpr int clamp(int value, int low, int high) {
  return value < low ? low : value > high ? high : value;
}

constexpr float as_float(int level) { return static_cast<float>(level); }

/// 1 / value, or 0 for 0.
constexpr float inverse_or_zero(float value) { return value != 0 ? 1.0f / value : 0.0f; }

/// The value of the largest magnitude with its sign; of equals the first. 0 if all are.
inline float largest_magnitude(std::span<const float> values) {
  float largest = 0;
  float magnitude = 0;
  for (const float value : values) {
    if (std::fabs(value) > magnitude) {
      magnitude = std::fabs(value);
      largest = value;
    }
  }
  return largest;
}

/// The largest of the values and 0.
inline float largest_or_zero(std::span<const float> values) {
  float largest = 0;
  for (const float value : values) {
    if (value > largest) largest = value;
  }
  return largest;
}

inline float sum_of_squares(std::span<const float> values) {
  float sum = 0;
  for (const float value : values) sum += value * value;
  return sum;
}

inline float sum_of(std::span<const float> values) {
  float sum = 0;
  for (const float value : values) sum += value;
  return sum;
}

/// How much each element's error counts with an imatrix: importance * sqrt(variance + x * x).
inline void weigh(std::span<const float> x, const float* importance, float variance,
                  std::span<float> weights) {
  for (std::size_t i = 0; i < x.size(); ++i)
    weights[i] = importance[i] * std::sqrt(variance + x[i] * x[i]);
}

}  // namespace waag::convert::reference
