#include <algorithm>
#include <array>

#include "convert/quant/reference/arithmetic.h"
#include "convert/quant/reference/layout.h"
#include "convert/quant/reference/reference.h"
#include "convert/quant/reference/search.h"

// Q6_K: 16 sub-blocks of 16 elements; x ~ (d * scale) * (q - 32), 8 bits for the scale, 6 for q
// (FORMATS 3.4). ql[128] | qh[64] | scales i8[16] | d f16.

namespace waag::convert::reference {
namespace {

constexpr std::size_t block_bytes = 210;
constexpr std::size_t sub_blocks = 16;
constexpr std::size_t sub_elements = 16;
constexpr int level_half = 32;

using Levels = std::array<int, super_block_elements>;

std::array<float, sub_blocks> search(std::span<const float> x, const float* importance,
                                     Levels& levels) {
  std::array<float, sub_blocks> scales{};
  for (std::size_t j = 0; j < sub_blocks; ++j) {
    const auto sub = x.subspan(sub_elements * j, sub_elements);
    std::array<float, sub_elements> weights{};
    for (std::size_t i = 0; i < sub_elements; ++i)
      weights[i] = importance != nullptr ? importance[sub_elements * j + i] : sub[i] * sub[i];
    scales[j] = search_symmetric(sub, weights, level_half,
                                 std::span(levels).subspan(sub_elements * j, sub_elements));
  }
  return scales;
}

// Per 128 elements: 4 low bits of l and l + 64 in byte l, of l + 32 and l + 96 in byte l + 32; the
// 2 upper bits of all four in one byte.
void store_levels(const Levels& levels, std::byte* low, std::byte* high) {
  for (std::size_t half = 0; half < 2; ++half, low += 64, high += 32) {
    const int* part = levels.data() + 128 * half;
    for (std::size_t l = 0; l < 32; ++l) {
      const int q1 = part[l];
      const int q2 = part[l + 32];
      const int q3 = part[l + 64];
      const int q4 = part[l + 96];
      low[l] = low_byte((q1 & 0xf) | (q3 & 0xf) << 4);
      low[l + 32] = low_byte((q2 & 0xf) | (q4 & 0xf) << 4);
      high[l] = low_byte(q1 >> 4 | (q2 >> 4) << 2 | (q3 >> 4) << 4 | (q4 >> 4) << 6);
    }
  }
}

void quantize_block(std::span<const float> x, const float* importance, std::byte* out) {
  Levels levels{};
  const auto scales = search(x, importance, levels);
  const float largest = largest_magnitude(scales);
  if (std::fabs(largest) < epsilon) {
    std::fill_n(out, block_bytes, std::byte{0});
    return;
  }
  const float inverse = -128.0f / largest;
  const float d = store_half(out + 208, 1.0f / inverse);
  for (std::size_t j = 0; j < sub_blocks; ++j) {
    out[192 + j] = low_byte(std::min(127, round_to_even(inverse * scales[j])));
    const float scale = d * as_float(as_signed(out[192 + j]));
    if (scale == 0) continue;  // keeps the levels of the search
    for (std::size_t i = sub_elements * j; i < sub_elements * (j + 1); ++i)
      levels[i] = clamp(round_to_even(x[i] / scale), -level_half, level_half - 1) + level_half;
  }
  store_levels(levels, out, out + 128);
}

}  // namespace

void quantize_q6_k(const float* x, std::uint64_t columns, const float* importance, std::byte* out) {
  for (std::uint64_t at = 0; at < columns; at += super_block_elements, out += block_bytes)
    quantize_block({x + at, super_block_elements},
                   importance != nullptr ? importance + at : nullptr, out);
}

}  // namespace waag::convert::reference
