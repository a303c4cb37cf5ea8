#include <array>

#include "convert/quant/reference/arithmetic.h"
#include "convert/quant/reference/layout.h"
#include "convert/quant/reference/reference.h"
#include "convert/quant/reference/search.h"

// Q2_K: 16 sub-blocks of 16 elements; x ~ (d * scale) * q - dmin * minimum, 4 bits for scale and
// minimum, 2 for q (FORMATS 3.4). scales[16] | qs[64] | d f16 | dmin f16.

namespace waag::convert::reference {
namespace {

constexpr std::size_t block_bytes = 84;
constexpr std::size_t sub_blocks = 16;
constexpr std::size_t sub_elements = 16;
constexpr int sub_scale_max = 15;
constexpr int level_max = 3;
constexpr AffineSteps plain_steps{-0.5f, 0.1f, 15, true};

using SubScales = std::array<float, sub_blocks>;
using SubLevels = std::array<int, sub_blocks>;

// What the searches found for a super-block.
struct Search {
  SubScales scales{};
  SubScales minima{};
  SubScales weights{};  // summed over each sub-block
  std::array<int, super_block_elements> levels{};
};

Search search(std::span<const float> x, const float* importance) {
  Search found;
  const float variance = sum_of_squares(x) / as_float(super_block_elements);
  for (std::size_t j = 0; j < sub_blocks; ++j) {
    const auto sub = x.subspan(sub_elements * j, sub_elements);
    std::array<float, sub_elements> weights{};
    if (importance != nullptr) {
      weigh(sub, importance + sub_elements * j, variance, weights);
      found.weights[j] = sum_of(weights);
    } else {
      for (std::size_t i = 0; i < sub_elements; ++i) weights[i] = std::fabs(sub[i]);
    }
    const auto levels = std::span(found.levels).subspan(sub_elements * j, sub_elements);
    const auto fit = search_affine(sub, weights, level_max,
                                   importance != nullptr ? weighted_steps : plain_steps, levels);
    found.scales[j] = fit.scale;
    found.minima[j] = fit.minimum;
  }
  return found;
}

// Levels of sub-scales so that the largest gets 15. Returns their common scale.
float spread(const SubScales& scales, SubLevels& levels) {
  const float largest = largest_or_zero(scales);
  if (!(largest > 0)) return 0;
  const float inverse = as_float(sub_scale_max) / largest;
  for (std::size_t j = 0; j < sub_blocks; ++j) levels[j] = round_to_even(inverse * scales[j]);
  return largest / as_float(sub_scale_max);
}

void quantize_block(std::span<const float> x, const float* importance, std::byte* out) {
  Search found = search(x, importance);
  SubLevels scales{};
  SubLevels minima{};
  float d = 0;
  float dmin = 0;
  if (importance != nullptr) {
    d = search_positive(found.scales, found.weights, sub_scale_max, scales);
    dmin = search_positive(found.minima, found.weights, sub_scale_max, minima);
  } else {
    d = spread(found.scales, scales);
    dmin = spread(found.minima, minima);
  }
  d = store_half(out + 80, d);
  dmin = store_half(out + 82, dmin);
  for (std::size_t j = 0; j < sub_blocks; ++j) {
    out[j] = low_byte(scales[j] | minima[j] << 4);
    // As stored: on rows that hardly vary a level leaves its range, and its four bits are what
    // counts.
    const int stored = std::to_integer<int>(out[j]);
    const float scale = d * as_float(stored & sub_scale_max);
    if (scale == 0) continue;  // keeps the levels of the search
    const float minimum = dmin * as_float(stored >> 4);
    for (std::size_t i = sub_elements * j; i < sub_elements * (j + 1); ++i)
      found.levels[i] = clamp(round_to_even((x[i] + minimum) / scale), 0, level_max);
  }
  store_crumbs(found.levels, out + 16);
}

}  // namespace

void quantize_q2_k(const float* x, std::uint64_t columns, const float* importance, std::byte* out) {
  for (std::uint64_t at = 0; at < columns; at += super_block_elements, out += block_bytes)
    quantize_block({x + at, super_block_elements},
                   importance != nullptr ? importance + at : nullptr, out);
}

}  // namespace waag::convert::reference
