#include <algorithm>
#include <array>

#include "convert/quant/reference/arithmetic.h"
#include "convert/quant/reference/layout.h"
#include "convert/quant/reference/reference.h"
#include "convert/quant/reference/search.h"

// Q8_0, Q4_0, Q4_1, Q5_0, Q5_1: 32 elements, one scale, perhaps a minimum (FORMATS 3.2). With an
// imatrix the four small ones search, weighted by the variance of the whole row (FORMATS 3.4).

namespace waag::convert::reference {
namespace {

using Levels = std::array<int, block_elements>;
using Block = std::span<const float, block_elements>;

// d f16 | [m f16] | [fifth bits u32] | nibbles
struct Layout {
  int bits = 4;
  bool minimum = false;
  [[nodiscard]] std::size_t bytes() const {
    return 2 + (minimum ? 2u : 0u) + (bits == 5 ? 4u : 0u) + 16;
  }
  [[nodiscard]] int levels_max() const { return (1 << bits) - 1; }
};

struct Fit {
  float scale = 0;
  float minimum = 0;
  Levels levels{};
};

void store(const Layout& layout, const Fit& fit, std::byte* out) {
  store_half(out, fit.scale);
  out += 2;
  if (layout.minimum) {
    store_half(out, fit.minimum);
    out += 2;
  }
  if (layout.bits == 5) {
    store_fifth_bits(fit.levels, out);
    out += 4;
  }
  store_nibbles(fit.levels, out);
}

// x ~ d * (q - half): d brings the largest magnitude to -half.
Fit fit_symmetric(const Layout& layout, Block x) {
  const int half = 1 << (layout.bits - 1);
  Fit fit;
  fit.scale = largest_magnitude(x) / as_float(-half);
  const float inverse = inverse_or_zero(fit.scale);
  for (std::size_t i = 0; i < x.size(); ++i)
    fit.levels[i] =
        std::min(layout.levels_max(), truncate(x[i] * inverse + (as_float(half) + 0.5f)));
  return fit;
}

// x ~ d * q + m. Q5_1 does not clamp: its levels are cut to 5 bits when they are stored.
Fit fit_affine(const Layout& layout, Block x) {
  Fit fit;
  fit.minimum = x[0];
  float max = x[0];
  for (const float value : x) {
    if (value < fit.minimum) fit.minimum = value;
    if (value > max) max = value;
  }
  fit.scale = (max - fit.minimum) / as_float(layout.levels_max());
  const float inverse = inverse_or_zero(fit.scale);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const int level = truncate((x[i] - fit.minimum) * inverse + 0.5f);
    fit.levels[i] = layout.bits == 4 ? std::min(layout.levels_max(), level) : level;
  }
  return fit;
}

Fit fit_weighted(const Layout& layout, Block x, std::span<const float> weights) {
  Fit fit;
  if (layout.minimum) {
    const auto affine = search_affine(x, weights, layout.levels_max(), weighted_steps, fit.levels);
    fit.scale = affine.scale;
    fit.minimum = -affine.minimum;
  } else {
    fit.scale = search_symmetric(x, weights, 1 << (layout.bits - 1), fit.levels);
  }
  return fit;
}

void quantize_row(const Layout& layout, const float* x, std::uint64_t columns,
                  const float* importance, std::byte* out) {
  float variance = 0;
  if (importance != nullptr) variance = sum_of_squares({x, columns}) / static_cast<float>(columns);
  for (std::uint64_t at = 0; at < columns; at += block_elements, out += layout.bytes()) {
    const Block block(x + at, block_elements);
    if (importance != nullptr) {
      std::array<float, block_elements> weights{};
      weigh(block, importance + at, variance, weights);
      store(layout, fit_weighted(layout, block, weights), out);
    } else {
      store(layout, layout.minimum ? fit_affine(layout, block) : fit_symmetric(layout, block), out);
    }
  }
}

}  // namespace

void quantize_q8_0(const float* x, std::uint64_t columns, const float*, std::byte* out) {
  for (const float* end = x + columns; x != end; x += block_elements, out += 2 + block_elements) {
    const float scale = std::fabs(largest_magnitude({x, block_elements})) / 127.0f;
    const float inverse = inverse_or_zero(scale);
    store_half(out, scale);
    for (std::size_t i = 0; i < block_elements; ++i)
      out[2 + i] = low_byte(truncate(std::round(x[i] * inverse)));
  }
}

void quantize_q4_0(const float* x, std::uint64_t columns, const float* importance, std::byte* out) {
  quantize_row({.bits = 4, .minimum = false}, x, columns, importance, out);
}
void quantize_q4_1(const float* x, std::uint64_t columns, const float* importance, std::byte* out) {
  quantize_row({.bits = 4, .minimum = true}, x, columns, importance, out);
}
void quantize_q5_0(const float* x, std::uint64_t columns, const float* importance, std::byte* out) {
  quantize_row({.bits = 5, .minimum = false}, x, columns, importance, out);
}
void quantize_q5_1(const float* x, std::uint64_t columns, const float* importance, std::byte* out) {
  quantize_row({.bits = 5, .minimum = true}, x, columns, importance, out);
}

}  // namespace waag::convert::reference
