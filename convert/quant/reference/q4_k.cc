#include <algorithm>
#include <array>

#include "convert/quant/reference/arithmetic.h"
#include "convert/quant/reference/layout.h"
#include "convert/quant/reference/reference.h"
#include "convert/quant/reference/search.h"

// Q4_K and Q5_K: 8 sub-blocks of 32 elements; x ~ (d * scale) * q - dmin * minimum, 6 bits for
// scale and minimum, 4 or 5 for q (FORMATS 3.4). d f16 | dmin f16 | scales[12] | [qh[32]] |
// qs[128].

namespace waag::convert::reference {
namespace {

constexpr std::size_t sub_blocks = 8;
constexpr std::size_t sub_elements = 32;
constexpr int sub_scale_max = 63;

using Levels = std::array<int, super_block_elements>;
using SubScales = std::array<float, sub_blocks>;
using SubLevels = std::array<int, sub_blocks>;

struct Kind {
  std::size_t bytes = 0;
  int level_max = 0;
  AffineSteps steps;  // without an imatrix
};
constexpr Kind q4{144, 15, {-1.0f, 0.1f, 20, false}};
constexpr Kind q5{176, 31, {-0.5f, 0.1f, 15, false}};

// What the searches found for a super-block.
struct Search {
  SubScales scales{};
  SubScales minima{};
  SubScales weights{};  // summed over each sub-block
  Levels levels{};
};

Search search(const Kind& kind, std::span<const float> x, const float* importance) {
  Search found;
  const float variance = 2 * sum_of_squares(x) / as_float(super_block_elements);
  for (std::size_t j = 0; j < sub_blocks; ++j) {
    const auto sub = x.subspan(sub_elements * j, sub_elements);
    std::array<float, sub_elements> weights{};
    if (importance != nullptr) {
      weigh(sub, importance + sub_elements * j, variance, weights);
      found.weights[j] = sum_of(weights);
    } else {
      const float mean = std::sqrt(sum_of_squares(sub) / as_float(sub_elements));
      for (std::size_t i = 0; i < sub_elements; ++i) weights[i] = mean + std::fabs(sub[i]);
    }
    const auto fit = search_affine(sub, weights, kind.level_max,
                                   importance != nullptr ? weighted_steps : kind.steps,
                                   std::span(found.levels).subspan(sub_elements * j, sub_elements));
    found.scales[j] = fit.scale;
    found.minima[j] = fit.minimum;
  }
  return found;
}

// Levels of sub-scales so that the largest gets 63. Returns their common scale.
float spread(const SubScales& scales, SubLevels& levels) {
  const float largest = largest_or_zero(scales);
  const float inverse = largest > 0 ? as_float(sub_scale_max) / largest : 0.0f;
  for (std::size_t j = 0; j < sub_blocks; ++j)
    levels[j] = std::min(sub_scale_max, round_to_even(inverse * scales[j]));
  return largest / as_float(sub_scale_max);
}

// Per 64 elements: byte l holds elements l (low nibble) and l + 32 (high).
void store_levels(const Kind& kind, const Levels& levels, std::byte* out) {
  if (kind.level_max == 31) {
    for (std::size_t l = 0; l < 32; ++l) {
      int bits = 0;
      for (std::size_t j = 0; j < sub_blocks; ++j) bits |= (levels[32 * j + l] >> 4) << j;
      out[l] = low_byte(bits);
    }
    out += 32;
  }
  for (std::size_t group = 0; group < 4; ++group) {
    for (std::size_t l = 0; l < 32; ++l)
      out[32 * group + l] =
          low_byte((levels[64 * group + l] & 0xf) | (levels[64 * group + 32 + l] & 0xf) << 4);
  }
}

void quantize_block(const Kind& kind, std::span<const float> x, const float* importance,
                    std::byte* out) {
  Search found = search(kind, x, importance);
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
  d = store_half(out, d);
  dmin = store_half(out + 2, dmin);
  std::array<ScaleAndMin, sub_blocks> pairs{};
  for (std::size_t j = 0; j < sub_blocks; ++j) {
    pairs[j] = {scales[j], minima[j]};
    const float scale = d * as_float(scales[j]);
    if (scale == 0) continue;  // keeps the levels of the search
    const float minimum = dmin * as_float(minima[j]);
    for (std::size_t i = sub_elements * j; i < sub_elements * (j + 1); ++i)
      found.levels[i] = clamp(round_to_even((x[i] + minimum) / scale), 0, kind.level_max);
  }
  store_scales_and_mins(pairs, out + 4);
  store_levels(kind, found.levels, out + 16);
}

void quantize_row(const Kind& kind, const float* x, std::uint64_t columns, const float* importance,
                  std::byte* out) {
  for (std::uint64_t at = 0; at < columns; at += super_block_elements, out += kind.bytes)
    quantize_block(kind, {x + at, super_block_elements},
                   importance != nullptr ? importance + at : nullptr, out);
}

}  // namespace

void quantize_q4_k(const float* x, std::uint64_t columns, const float* importance, std::byte* out) {
  quantize_row(q4, x, columns, importance, out);
}
void quantize_q5_k(const float* x, std::uint64_t columns, const float* importance, std::byte* out) {
  quantize_row(q5, x, columns, importance, out);
}

}  // namespace waag::convert::reference
