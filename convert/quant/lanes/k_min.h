#pragma once

#include "convert/quant/lanes/chunk.h"
#include "convert/quant/lanes/pack.h"
#include "convert/quant/lanes/search/qkx.h"
#include "convert/quant/lanes/search/sweeps.h"

// Rows of Q2_K, Q4_K and Q5_K: sub-blocks with a scale and a minimum (FORMATS 3.4).

namespace waag::convert::lanes {

/// What QKX found for the sub-blocks of a chunk, in the order of the row.
template <class V>
struct MinFound {
  static constexpr std::size_t room = (V::lanes + 1) * sub_blocks_max + V::lanes;
  alignas(64) float scale[room];
  alignas(64) float minimum[room];
  alignas(64) float weight_sum[room];
  alignas(64) float inverse[room];
  alignas(64) float base[room];
};

/// Weights without importance: |x| of a sub-block of 16, the root mean square + |x| of one of 32.
template <class V, std::size_t n>
WAAG_LANE void plain_weights(const float* x, float* w) {
  auto floor = V::of(0.0f);
  if constexpr (n == 32) {
    for (std::size_t i = 0; i < n; ++i) {
      const auto value = V::load(x + i * V::lanes);
      floor = floor + value * value;
    }
    floor = square_root(floor / V::of(static_cast<float>(n)));
  }
  for (std::size_t i = 0; i < n; ++i)
    V::store(w + i * V::lanes, floor + magnitude(V::load(x + i * V::lanes)));
}

template <class Base, QkxPlan plan>
struct MinGroup {
  const float* x;
  const float* w;  // or nullptr: plain weights
  MinFound<Base>* found;

  template <class V>
  void run(std::size_t first, std::size_t there) {
    constexpr std::size_t n = plan.elements;
    alignas(64) float spare[n * V::lanes], values[n * V::lanes], weights[n * V::lanes];
    gather<V, n>(filled_up<V, n>(x + first * n, there, spare), values);
    if (w != nullptr)
      gather<V, n>(filled_up<V, n>(w + first * n, there, spare), weights);
    else
      plain_weights<V, n>(values, weights);
    const auto best = search_qkx<V, plan>(values, weights);
    V::store(found->scale + first, best.scale);
    V::store(found->minimum + first, best.minimum);
    V::store(found->weight_sum + first, best.weight_sum);
    V::store(found->inverse + first, best.inverse);
    V::store(found->base + first, best.base);
  }
};

/// The rounded scales and minima of one super-block.
struct MinScales {
  std::uint16_t d, d_min;
  std::uint8_t scale[sub_blocks_max], minimum[sub_blocks_max];
};

WAAG_LANE float largest_or_zero(const float* values, std::size_t count) {
  float largest = 0;
  for (std::size_t j = 0; j < count; ++j)
    if (values[j] > largest) largest = values[j];
  return largest;
}

/// @param limited  whether the levels are cut at `levels` (Q4_K, Q5_K) or not (Q2_K)
WAAG_LANE std::uint16_t round_scales(const float* values, std::size_t count, float levels,
                                     bool limited, std::uint8_t* out) {
  const float largest = largest_or_zero(values, count);
  const float inverse = largest > 0 ? levels / largest : 0.0f;
  for (std::size_t j = 0; j < count; ++j) {
    const auto level = static_cast<std::uint8_t>(round_one(inverse * values[j]));
    const auto top = static_cast<std::uint8_t>(levels);
    out[j] = limited && level > top ? top : level;
  }
  return to_half(largest / levels);
}

/// QP over the scales of each super-block, a super-block a lane.
template <class V, std::size_t subs, int levels>
void fit_scales(const float* values, const float* weight_sums, std::size_t supers,
                float (&level)[sub_blocks_max * V::lanes], float (&scale)[V::lanes]) {
  alignas(64) float x[subs * V::lanes], w[subs * V::lanes];
  across_supers<V, subs>(values, supers, x);
  across_supers<V, subs>(weight_sums, supers, w);
  V::store(scale, search_qp<V, subs, levels>(x, w, level));
}

template <class V, std::size_t subs, int levels>
void fit_chunk(const MinFound<V>& found, std::size_t supers, MinScales* out) {
  alignas(64) float scale_level[sub_blocks_max * V::lanes], min_level[sub_blocks_max * V::lanes];
  alignas(64) float scale[V::lanes], minimum[V::lanes];
  fit_scales<V, subs, levels>(found.scale, found.weight_sum, supers, scale_level, scale);
  fit_scales<V, subs, levels>(found.minimum, found.weight_sum, supers, min_level, minimum);
  for (std::size_t s = 0; s < supers; ++s) {
    out[s].d = to_half(scale[s]);
    out[s].d_min = to_half(minimum[s]);
    for (std::size_t j = 0; j < subs; ++j) {
      const std::size_t at = j * V::lanes + s;
      out[s].scale[j] = static_cast<std::uint8_t>(static_cast<int>(scale_level[at]));
      out[s].minimum[j] = static_cast<std::uint8_t>(static_cast<int>(min_level[at]));
    }
  }
}

/// The levels of sub-block j by its rounded scale and minimum; where the scale is 0 those of the
/// search stay.
template <class V, std::size_t n>
WAAG_LANE void sub_block_levels(const float* x, const MinScales& scales, std::size_t j,
                                float inverse, float base, int levels, std::uint8_t* out) {
  const float scale = from_half(scales.d) * static_cast<float>(scales.scale[j]);
  if (scale != 0) {
    const float shift = from_half(scales.d_min) * static_cast<float>(scales.minimum[j]);
    requantize<V, n>(x, scale, shift, 0, levels, 0, out);
    return;
  }
  for (std::size_t i = 0; i < n; ++i)
    out[i] = static_cast<std::uint8_t>(clamp_one(round_one(inverse * (x[i] - base)), 0, levels));
}

/// The levels of a super-block.
template <class V, std::size_t n>
WAAG_LANE void min_levels(const float* x, const MinScales& scales, const float* inverse,
                          const float* base, int levels, std::uint8_t* out) {
  for (std::size_t j = 0; j < super_elements / n; ++j)
    sub_block_levels<V, n>(x + j * n, scales, j, inverse[j], base[j], levels, out + j * n);
}

/// Six bits each of eight scales and minima.
WAAG_LANE void pack_six_bits(const MinScales& s, std::uint8_t* out) {
  for (std::size_t j = 0; j < 4; ++j) {
    const auto high = j + 4;
    out[j] = static_cast<std::uint8_t>(s.scale[j] | (s.scale[high] >> 4) << 6);
    out[high] = static_cast<std::uint8_t>(s.minimum[j] | (s.minimum[high] >> 4) << 6);
    out[j + 8] = static_cast<std::uint8_t>((s.scale[high] & 15) | (s.minimum[high] & 15) << 4);
  }
}

struct Q2K {
  static constexpr QkxPlan plain{16, 3.0f, -0.5f, 0.1f, 15, true};
  static constexpr QkxPlan weighed{16, 3.0f, -0.9f, 0.05f, 36, false};
  static constexpr SigmaPlan sigma{1.0f, 1.0f / 256};
  static constexpr int levels = 3, scale_levels = 15;
  static constexpr std::size_t bytes = 84;

  static WAAG_LANE void pack(const MinScales& s, const std::uint8_t* level, std::uint8_t* out) {
    for (std::size_t j = 0; j < 16; ++j)
      out[j] = static_cast<std::uint8_t>(s.scale[j] | s.minimum[j] << 4);
    pack_pairs(level, out + 16);
    put_half(out + 80, s.d);
    put_half(out + 82, s.d_min);
  }
};

struct Q4K {
  static constexpr QkxPlan plain{32, 15.0f, -1.0f, 0.1f, 20, false};
  static constexpr QkxPlan weighed{32, 15.0f, -0.9f, 0.05f, 36, false};
  static constexpr SigmaPlan sigma{2.0f, 1.0f / 256};
  static constexpr int levels = 15, scale_levels = 63;
  static constexpr std::size_t bytes = 144;

  static WAAG_LANE void pack(const MinScales& s, const std::uint8_t* level, std::uint8_t* out) {
    put_half(out, s.d);
    put_half(out + 2, s.d_min);
    pack_six_bits(s, out + 4);
    pack_nibbles(level, out + 16);
  }
};

struct Q5K {
  static constexpr QkxPlan plain{32, 31.0f, -0.5f, 0.1f, 15, false};
  static constexpr QkxPlan weighed{32, 31.0f, -0.9f, 0.05f, 36, false};
  static constexpr SigmaPlan sigma{2.0f, 1.0f / 256};
  static constexpr int levels = 31, scale_levels = 63;
  static constexpr std::size_t bytes = 176;

  static WAAG_LANE void pack(const MinScales& s, const std::uint8_t* level, std::uint8_t* out) {
    put_half(out, s.d);
    put_half(out + 2, s.d_min);
    pack_six_bits(s, out + 4);
    pack_fifth_bits(level, out + 16);
    pack_nibbles(level, out + 48);
  }
};

template <class V, class Type>
void quantize_min_row(const float* x, std::uint64_t columns, const float* importance,
                      std::byte* out) {
  constexpr std::size_t n = Type::plain.elements, subs = super_elements / n;
  auto* to = reinterpret_cast<std::uint8_t*>(out);
  MinFound<V> found;
  MinScales scales[V::lanes];
  alignas(64) float weights[V::lanes * super_elements];
  for (std::size_t left = columns / super_elements; left != 0;) {
    const std::size_t supers = left < V::lanes ? left : V::lanes;
    if (importance != nullptr) {
      importance_weights<V, super_elements, Type::sigma>(x, importance, supers, weights);
      for_groups<V>(supers * subs, MinGroup<V, Type::weighed>{x, weights, &found});
      fit_chunk<V, subs, Type::scale_levels>(found, supers, scales);
      importance += supers * super_elements;
    } else {
      for_groups<V>(supers * subs, MinGroup<V, Type::plain>{x, nullptr, &found});
      constexpr float top = Type::scale_levels;
      for (std::size_t s = 0; s < supers; ++s) {
        const std::size_t at = s * subs;
        scales[s].d = round_scales(found.scale + at, subs, top, subs == 8, scales[s].scale);
        scales[s].d_min = round_scales(found.minimum + at, subs, top, subs == 8, scales[s].minimum);
      }
    }
    for (std::size_t s = 0; s < supers; ++s, x += super_elements, to += Type::bytes) {
      alignas(64) std::uint8_t level[super_elements];
      min_levels<V, n>(x, scales[s], found.inverse + s * subs, found.base + s * subs, Type::levels,
                       level);
      Type::pack(scales[s], level, to);
    }
    left -= supers;
  }
}

}  // namespace waag::convert::lanes
