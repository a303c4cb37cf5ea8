#include <algorithm>
#include <array>

#include "convert/quant/reference/arithmetic.h"
#include "convert/quant/reference/layout.h"
#include "convert/quant/reference/reference.h"

// IQ4_NL and IQ4_XS: x ~ d * value, one of 16 values spaced as normal weights lie (FORMATS 3.4).
// IQ4_NL: 32 elements, d f16 | nibbles. IQ4_XS: 8 sub-blocks of 32 with scales of 6 bits,
// d f16 | scales_h u16 | scales_l[4] | nibbles.

namespace waag::convert::reference {
namespace {

constexpr std::size_t nl_bytes = 18;
constexpr std::size_t xs_bytes = 136;
constexpr std::size_t sub_blocks = 8;

using Block = std::span<const float, block_elements>;
using Levels = std::array<int, block_elements>;

// The index of the nearest value; of the exact middle the upper one.
int nearest_value(float x) {
  const auto upper = std::upper_bound(iq4_values.begin(), iq4_values.end(), x,
                                      [](float a, int b) { return a < as_float(b); });
  const auto index = static_cast<int>(upper - iq4_values.begin());
  if (index == 0) return 0;
  if (index == 16) return 15;
  const float above = as_float(*upper);
  const float below = as_float(*(upper - 1));
  return x - below < above - x ? index - 1 : index;
}

// Of the least squares: scale = xv / vv.
struct Sums {
  float xv = 0;
  float vv = 0;
};

Sums sums_at(float inverse, Block x, std::span<const float> weights) {
  Sums sums;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto index = static_cast<std::size_t>(nearest_value(inverse * x[i]));
    const float value = as_float(iq4_values[index]);
    sums.xv += weights[i] * value * x[i];
    sums.vv += weights[i] * value * value;
  }
  return sums;
}

float search(Block x, std::span<const float> weights) {
  const float largest = largest_magnitude(x);
  if (std::fabs(largest) < epsilon) return 0;
  const float lowest_value = as_float(iq4_values[0]);
  const Sums first = sums_at(1.0f / (-largest / lowest_value), x, weights);
  float scale = first.vv > 0 ? first.xv / first.vv : 0.0f;
  float best = scale * first.xv;
  for (int k = -7; k <= 7; ++k) {
    const Sums sums = sums_at((as_float(k) + lowest_value) / largest, x, weights);
    if (sums.vv > 0 && sums.xv * sums.xv > best * sums.vv) {
      scale = sums.xv / sums.vv;
      best = scale * sums.xv;
    }
  }
  return scale;
}

// `variance` is twice the mean square of the block or super-block.
float search(Block x, const float* importance, float variance) {
  std::array<float, block_elements> weights{};
  if (importance != nullptr) {
    weigh(x, importance, variance, weights);
  } else {
    for (std::size_t i = 0; i < x.size(); ++i) weights[i] = x[i] * x[i];
  }
  return search(x, weights);
}

void store_nearest(float scale, Block x, std::byte* out) {
  const float inverse = inverse_or_zero(scale);
  Levels levels{};
  for (std::size_t i = 0; i < x.size(); ++i) levels[i] = nearest_value(inverse * x[i]);
  store_nibbles(levels, out);
}

void quantize_super_block(std::span<const float> x, const float* importance, std::byte* out) {
  const float variance = sum_of_squares(x) * (2.0f / as_float(super_block_elements));
  const auto block = [x](std::size_t j) { return Block(x.data() + block_elements * j, 32); };
  std::array<float, sub_blocks> scales{};
  for (std::size_t j = 0; j < sub_blocks; ++j)
    scales[j] = search(block(j), importance != nullptr ? importance + block_elements * j : nullptr,
                       variance);
  // The levels are found with d as it was before it became an F16.
  const float d = -largest_magnitude(scales) / 32.0f;
  const float inverse = inverse_or_zero(d);
  store_half(out, d);
  std::fill_n(out + 2, 6, std::byte{0});
  for (std::size_t j = 0; j < sub_blocks; ++j) {
    const int level = clamp(round_to_even(inverse * scales[j]), -32, 31);
    store_nearest(d * as_float(level), block(j), out + 8 + 16 * j);
    const int stored = level + 32;
    out[2 + j / 4] |= low_byte((stored >> 4) << (2 * (j % 4)));
    out[4 + j / 2] |= low_byte((stored & 0xf) << (4 * (j % 2)));
  }
}

}  // namespace

void quantize_iq4_nl(const float* x, std::uint64_t columns, const float* importance,
                     std::byte* out) {
  for (std::uint64_t at = 0; at < columns; at += block_elements, out += nl_bytes) {
    const Block block(x + at, block_elements);
    const float variance = sum_of_squares(block) * (2.0f / as_float(block_elements));
    const float scale = search(block, importance != nullptr ? importance + at : nullptr, variance);
    store_half(out, scale);
    store_nearest(scale, block, out + 2);
  }
}

void quantize_iq4_xs(const float* x, std::uint64_t columns, const float* importance,
                     std::byte* out) {
  for (std::uint64_t at = 0; at < columns; at += super_block_elements, out += xs_bytes)
    quantize_super_block({x + at, super_block_elements},
                         importance != nullptr ? importance + at : nullptr, out);
}

}  // namespace waag::convert::reference
