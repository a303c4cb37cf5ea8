#pragma once

#include "convert/quant/lanes/chunk.h"
#include "convert/quant/lanes/pack.h"
#include "convert/quant/lanes/search/qkx.h"
#include "convert/quant/lanes/search/qx.h"

// Rows of Q8_0, Q4_0, Q4_1, Q5_0 and Q5_1 (FORMATS 3.2): blocks of 32. What a block needs to know
// of all its elements is found with a block a lane; the levels then go along the row.

namespace waag::convert::lanes {

inline constexpr std::size_t block_elements = 32;

/// Of each block: the step d, what x is multiplied with, and what is subtracted from it before.
template <class V>
struct BlockSteps {
  alignas(64) float step[V::lanes];
  alignas(64) float inverse[V::lanes];
  alignas(64) float least[V::lanes];
};

template <class V>
WAAG_LANE void put_steps(typename V::Floats step, typename V::Floats least, BlockSteps<V>& out) {
  V::store(out.step, step);
  V::store(out.inverse, select(step != V::of(0.0f), V::of(1.0f) / step, V::of(0.0f)));
  V::store(out.least, least);
}

/// Four bits of each level, for five-bit levels after the word of their fifth bits.
template <bool five_bits>
WAAG_LANE void pack_block(const std::uint8_t* level, std::uint8_t* out) {
  if constexpr (five_bits) {
    for (std::size_t half = 0; half < 2; ++half) {
#ifdef __F16C__  // with it comes SSE
      const auto* from = reinterpret_cast<const __m128i*>(level + half * 16);
      const int fifth = _mm_movemask_epi8(_mm_slli_epi16(_mm_load_si128(from), 3));
#else
      int fifth = 0;
      for (std::size_t i = 0; i < 16; ++i) fifth |= (level[half * 16 + i] >> 4 & 1) << i;
#endif
      put_half(out + half * 2, static_cast<std::uint16_t>(fifth));
    }
    out += 4;
  }
  pack_halves(level, out);
}

struct Q80 {
  static constexpr std::size_t bytes = 34;

  template <class V>
  static WAAG_LANE void steps(const float* x, BlockSteps<V>& out) {
    auto most = V::of(0.0f);
    for (std::size_t i = 0; i < block_elements; ++i)
      most = greater(magnitude(V::load(x + i * V::lanes)), most);
    put_steps<V>(most / V::of(127.0f), V::of(0.0f), out);
  }

  /// Rounds half away from zero: the largest float below 0.5 is added, not 0.5 (FORMATS 3.0).
  template <class V>
  static WAAG_LANE void block(const float* x, float step, float inverse, float, std::uint8_t* out) {
    put_half(out, to_half(step));
    const auto sign = V::of(static_cast<std::int32_t>(0x80000000u));
    for (std::size_t i = 0; i < block_elements; i += V::lanes) {
      const auto v = V::load(x + i) * V::of(inverse);
      const auto half = from_bits((bits(v) & sign) | bits(V::of(0x1.fffffep-2f)));
      V::store_bytes(out + 2 + i, truncated(v + half));
    }
  }
};

/// Q4_0 and Q5_0.
/// @tparam half  half the number of levels
template <int half>
struct Symmetric {
  static constexpr bool five_bits = half == 16;
  static constexpr std::size_t bytes = five_bits ? 22 : 18;

  template <class V>
  static WAAG_LANE void steps(const float* x, BlockSteps<V>& out) {
    const auto largest = largest_of<V, block_elements>(x);
    put_steps<V>(largest.value / V::of(static_cast<float>(-half)), V::of(0.0f), out);
  }

  template <class V>
  static WAAG_LANE void block(const float* x, float step, float inverse, float, std::uint8_t* out) {
    alignas(64) std::uint8_t level[block_elements];
    const auto middle = V::of(static_cast<float>(half) + 0.5f);
    for (std::size_t i = 0; i < block_elements; i += V::lanes) {
      const auto l = truncated(V::load(x + i) * V::of(inverse) + middle);
      V::store_bytes(level + i, lesser(l, V::of(2 * half - 1)));
    }
    put_half(out, to_half(step));
    pack_block<five_bits>(level, out + 2);
  }
};

/// Q4_1 and Q5_1.
template <int top>
struct Affine {
  static constexpr bool five_bits = top == 31;
  static constexpr std::size_t bytes = five_bits ? 24 : 20;

  template <class V>
  static WAAG_LANE void steps(const float* x, BlockSteps<V>& out) {
    auto least = V::load(x), most = least;
    for (std::size_t i = 1; i < block_elements; ++i) {
      const auto value = V::load(x + i * V::lanes);
      least = lesser(value, least);
      most = greater(value, most);
    }
    put_steps<V>((most - least) / V::of(static_cast<float>(top)), least, out);
  }

  template <class V>
  static WAAG_LANE void block(const float* x, float step, float inverse, float least,
                              std::uint8_t* out) {
    alignas(64) std::uint8_t level[block_elements];
    for (std::size_t i = 0; i < block_elements; i += V::lanes) {
      const auto v = (V::load(x + i) - V::of(least)) * V::of(inverse);
      auto l = truncated(v + V::of(0.5f));
      if constexpr (!five_bits) l = lesser(l, V::of(top));
      V::store_bytes(level + i, l);
    }
    put_half(out, to_half(step));
    put_half(out + 2, to_half(least));
    pack_block<five_bits>(level, out + 4);
  }
};

template <class V, class Type>
void quantize_plain_blocks(const float* x, std::uint64_t columns, std::byte* out) {
  auto* to = reinterpret_cast<std::uint8_t*>(out);
  alignas(64) float spare[block_elements * V::lanes], values[block_elements * V::lanes];
  BlockSteps<V> steps;
  for (std::size_t left = columns / block_elements; left != 0;) {
    const std::size_t blocks = left < V::lanes ? left : V::lanes;
    gather<V, block_elements>(filled_up<V, block_elements>(x, blocks, spare), values);
    Type::template steps<V>(values, steps);
    for (std::size_t b = 0; b < blocks; ++b, x += block_elements, to += Type::bytes)
      Type::template block<V>(x, steps.step[b], steps.inverse[b], steps.least[b], to);
    left -= blocks;
  }
}

/// Weights of the legacy types: sigma is of the whole row.
template <class V>
WAAG_LANE void row_weights(const float* x, const float* importance, float sigma, std::size_t count,
                           float* w) {
  for (std::size_t i = 0; i < count; i += V::lanes) {
    const auto value = V::load(x + i);
    V::store(w + i, V::load(importance + i) * square_root(V::of(sigma) + value * value));
  }
}

WAAG_LANE float row_sigma(const float* x, std::uint64_t columns) {
  float sum = 0;
  for (std::uint64_t i = 0; i < columns; ++i) sum += x[i] * x[i];
  return sum / static_cast<float>(columns);
}

/// Q4_0 and Q5_0 with importance: QX.
template <class V, int half>
WAAG_LANE void symmetric_group(const float* x, const float* values, const float* weights,
                               std::size_t blocks, std::uint8_t* to) {
  using Type = Symmetric<half>;
  alignas(64) float scale[V::lanes], inverse[V::lanes];
  alignas(64) std::uint8_t level[block_elements];
  const auto best = search_qx<V, block_elements, half>(values, weights);
  V::store(scale, best.scale);
  V::store(inverse, best.inverse);
  for (std::size_t b = 0; b < blocks; ++b, x += block_elements, to += Type::bytes) {
    for (std::size_t i = 0; i < block_elements; ++i)
      level[i] = inverse[b] != inverse[b]
                     ? std::uint8_t{0}
                     : low_byte(clamp_one(round_one(inverse[b] * x[i]), -half, half - 1) + half);
    put_half(to, to_half(scale[b]));
    pack_block<Type::five_bits>(level, to + 2);
  }
}

/// Q4_1 and Q5_1 with importance: QKX.
template <class V, int top>
WAAG_LANE void affine_group(const float* x, const float* values, const float* weights,
                            std::size_t blocks, std::uint8_t* to) {
  using Type = Affine<top>;
  alignas(64) float scale[V::lanes], minimum[V::lanes], inverse[V::lanes], base[V::lanes];
  alignas(64) std::uint8_t level[block_elements];
  constexpr QkxPlan plan{block_elements, top, -0.9f, 0.05f, 36, false};
  const auto best = search_qkx<V, plan>(values, weights);
  V::store(scale, best.scale);
  V::store(minimum, best.minimum);
  V::store(inverse, best.inverse);
  V::store(base, best.base);
  for (std::size_t b = 0; b < blocks; ++b, x += block_elements, to += Type::bytes) {
    for (std::size_t i = 0; i < block_elements; ++i)
      level[i] = low_byte(clamp_one(round_one(inverse[b] * (x[i] - base[b])), 0, top));
    put_half(to, to_half(scale[b]));
    put_half(to + 2, to_half(-minimum[b]));
    pack_block<Type::five_bits>(level, to + 4);
  }
}

template <class V, class Type, auto group>
void quantize_weighed_blocks(const float* x, std::uint64_t columns, const float* importance,
                             std::byte* out) {
  constexpr std::size_t n = block_elements;
  auto* to = reinterpret_cast<std::uint8_t*>(out);
  alignas(64) float spare[n * V::lanes], values[n * V::lanes];
  alignas(64) float row_w[n * V::lanes], weights[n * V::lanes];
  const float sigma = row_sigma(x, columns);
  for (std::size_t left = columns / n; left != 0;) {
    const std::size_t blocks = left < V::lanes ? left : V::lanes;
    row_weights<V>(x, importance, sigma, blocks * n, row_w);
    gather<V, n>(filled_up<V, n>(row_w, blocks, spare), weights);
    gather<V, n>(filled_up<V, n>(x, blocks, spare), values);
    group(x, values, weights, blocks, to);
    x += blocks * n;
    importance += blocks * n;
    to += blocks * Type::bytes;
    left -= blocks;
  }
}

template <class V>
void quantize_q8_0(const float* x, std::uint64_t columns, const float*, std::byte* out) {
  quantize_plain_blocks<V, Q80>(x, columns, out);
}
template <class V, int half>
void quantize_symmetric(const float* x, std::uint64_t columns, const float* importance,
                        std::byte* out) {
  if (importance == nullptr) return quantize_plain_blocks<V, Symmetric<half>>(x, columns, out);
  quantize_weighed_blocks<V, Symmetric<half>, symmetric_group<V, half>>(x, columns, importance,
                                                                        out);
}
template <class V, int top>
void quantize_affine(const float* x, std::uint64_t columns, const float* importance,
                     std::byte* out) {
  if (importance == nullptr) return quantize_plain_blocks<V, Affine<top>>(x, columns, out);
  quantize_weighed_blocks<V, Affine<top>, affine_group<V, top>>(x, columns, importance, out);
}

}  // namespace waag::convert::lanes
