#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "tests/vectors/split_mix.h"

// Rows whose every element follows from its index by integer arithmetic and exact operations on
// floats, so that tests/harness/ggml_oracle.py makes the same bits with numpy and asks ggml for the
// blocks that belong to them. A change here is a change there, and of all digests.

namespace waag::convert::testing {

inline constexpr std::uint64_t sample_columns = 1024;

/// Word `index` of the SplitMix64 stream of `seed`.
inline std::uint64_t sample_word(std::uint64_t seed, std::uint64_t index) {
  return test::SplitMix(seed + index * 0x9E3779B97F4A7C15).next();
}

/// Seeds of the streams that one sample draws from.
enum SampleStream : std::uint64_t { elements = 1, groups = 2, runs = 3, weights = 4 };

/// About normal, of standard deviation 0.58: the sum of four 16-bit numbers around its mean.
inline float bell(std::uint64_t word) {
  const auto sum = (word & 0xffff) + (word >> 16 & 0xffff) + (word >> 32 & 0xffff) + (word >> 48);
  return static_cast<float>(static_cast<std::int64_t>(sum) - 131070) * 0x1p-16f;
}

/// Heavy tails: 24 bits times 2^j, j large ever more rarely.
inline float heavy(std::uint64_t word) {
  const auto mantissa = static_cast<float>(word & 0xffffff);
  const int exponent = std::countr_zero(word >> 24 | 1ull << 30) / 2 - 28;
  return std::ldexp((word >> 63) != 0 ? -mantissa : mantissa, exponent);
}

/// A few units around a power of two.
inline float edge(std::uint64_t word) {
  const auto exponent = 115 + static_cast<std::uint32_t>(word & 15);
  const auto sign = static_cast<std::uint32_t>(word >> 63) << 31;
  const auto units = static_cast<std::uint32_t>((word >> 8) % 5);
  return std::bit_cast<float>(sign | ((exponent << 23) + units - 2));
}

/// All BF16 in turn whose scales an F16 can hold.
inline float swept(std::uint64_t index) {
  auto code = static_cast<std::uint32_t>(index & 0xffff);
  if ((code & 0x7f80) > 0x4680) code = (code & 0x807f) | 0x3800;
  return std::bit_cast<float>(code << 16);
}

/// Runs of 16: zeros, a constant, one element, alternating signs, one sign, subnormals.
inline float special(std::uint64_t index, std::uint64_t word) {
  const std::uint64_t run = sample_word(runs, index / 16);
  const float constant = bell(run >> 3);
  switch (run & 7) {
    case 0:
      return 0.0f;
    case 1:
      return constant;
    case 2:
      return index % 16 == (run >> 60) ? constant : 0.0f;
    case 3:
      return index % 2 == 0 ? constant : -constant;
    case 4:
      return std::fabs(bell(word));
    case 5:
      return -std::fabs(bell(word));
    case 6:
      return std::bit_cast<float>(static_cast<std::uint32_t>(word & 0x807fffff));
    default:
      return -0.0f;
  }
}

inline float sample_element(std::uint64_t index) {
  const std::uint64_t word = sample_word(elements, index);
  const std::uint64_t group = sample_word(groups, index / 256);
  switch (group & 7) {
    case 0:
      return bell(word);
    case 1:
      return heavy(word);
    case 2:
      return edge(word);
    case 3:
      return swept(index);
    case 4:
      return special(index, word);
    case 5:  // BF16 values of a common size
      return std::bit_cast<float>(std::bit_cast<std::uint32_t>(bell(word)) & 0xffff0000);
    case 6:  // one sign, and a size of the group's own
      return std::ldexp(std::fabs(bell(word)), -static_cast<int>(group >> 8 & 15));
    default:  // sizes that change every 32 elements
      return std::ldexp(bell(word), -static_cast<int>(sample_word(runs, index / 32) & 15));
  }
}

/// Rows first .. first + rows - 1 of the sample.
inline std::vector<float> sample_rows(std::uint64_t first, std::uint64_t rows) {
  std::vector<float> values(rows * sample_columns);
  for (std::uint64_t i = 0; i < values.size(); ++i)
    values[i] = sample_element(first * sample_columns + i);
  return values;
}

/// The sample's imatrix: positive, one weight in 16 is zero.
inline std::vector<float> sample_importance() {
  std::vector<float> out(sample_columns);
  for (std::uint64_t i = 0; i < out.size(); ++i) {
    const std::uint64_t word = sample_word(weights, i);
    out[i] = (word >> 60) == 0 ? 0.0f : static_cast<float>(word & 0xffffff) * 0x1p-20f;
  }
  return out;
}

}  // namespace waag::convert::testing
