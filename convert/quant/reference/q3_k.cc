#include <array>

#include "convert/quant/reference/arithmetic.h"
#include "convert/quant/reference/layout.h"
#include "convert/quant/reference/reference.h"
#include "convert/quant/reference/search.h"

// Q3_K: 16 sub-blocks of 16 elements; x ~ (d * (scale - 32)) * (q - 4), 6 bits for the scale, 3 for
// q (FORMATS 3.4). hmask[32] | qs[64] | scales[12] | d f16.

namespace waag::convert::reference {
namespace {

constexpr std::size_t block_bytes = 110;
constexpr std::size_t sub_blocks = 16;
constexpr std::size_t sub_elements = 16;
constexpr int scale_half = 32;
constexpr int level_half = 4;

using Levels = std::array<int, super_block_elements>;
using SubScales = std::array<float, sub_blocks>;
using SubLevels = std::array<int, sub_blocks>;

// The super-block's scale; `scales` get the levels of the sub-blocks' ones.
float search_plain(std::span<const float> x, Levels& levels, SubLevels& scales) {
  SubScales found{};
  for (std::size_t j = 0; j < sub_blocks; ++j)
    found[j] = sweep_symmetric(x.subspan(sub_elements * j, sub_elements),
                               std::span(levels).subspan(sub_elements * j, sub_elements));
  const float largest = largest_magnitude(found);
  if (largest == 0) return 0;
  const float inverse = as_float(-scale_half) / largest;
  for (std::size_t j = 0; j < sub_blocks; ++j)
    scales[j] = clamp(round_to_even(inverse * found[j]), -scale_half, scale_half - 1) + scale_half;
  return 1.0f / inverse;
}

float search_weighted(std::span<const float> x, const float* importance, Levels& levels,
                      SubLevels& scales) {
  const float variance = 2 * sum_of_squares(x) / as_float(super_block_elements);
  SubScales found{};
  SubScales sums{};
  for (std::size_t j = 0; j < sub_blocks; ++j) {
    const auto sub = x.subspan(sub_elements * j, sub_elements);
    std::array<float, sub_elements> weights{};
    weigh(sub, importance + sub_elements * j, variance, weights);
    sums[j] = sum_of(weights);
    found[j] = search_symmetric(sub, weights, level_half,
                                std::span(levels).subspan(sub_elements * j, sub_elements));
  }
  return search_symmetric(found, sums, scale_half, scales);
}

void quantize_block(std::span<const float> x, const float* importance, std::byte* out) {
  Levels levels{};
  SubLevels scales{};
  const float searched = importance != nullptr ? search_weighted(x, importance, levels, scales)
                                               : search_plain(x, levels, scales);
  const float d = store_half(out + 108, searched);
  for (std::size_t j = 0; j < sub_blocks; ++j) {
    const float scale = d * as_float(scales[j] - scale_half);
    if (scale == 0) continue;  // keeps the levels of the search
    for (std::size_t i = sub_elements * j; i < sub_elements * (j + 1); ++i)
      levels[i] = clamp(round_to_even(x[i] / scale), -level_half, level_half - 1) + level_half;
  }
  for (std::size_t byte = 0; byte < 32; ++byte) {
    int mask = 0;
    for (std::size_t bit = 0; bit < 8; ++bit) mask |= (levels[32 * bit + byte] >> 2) << bit;
    out[byte] = low_byte(mask);
  }
  for (int& level : levels) level &= 3;
  store_crumbs(levels, out + 32);
  store_q3_scales(scales, out + 96);
}

}  // namespace

void quantize_q3_k(const float* x, std::uint64_t columns, const float* importance, std::byte* out) {
  for (std::uint64_t at = 0; at < columns; at += super_block_elements, out += block_bytes)
    quantize_block({x + at, super_block_elements},
                   importance != nullptr ? importance + at : nullptr, out);
}

}  // namespace waag::convert::reference
