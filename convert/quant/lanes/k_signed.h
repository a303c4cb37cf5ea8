#pragma once

#include "convert/quant/lanes/chunk.h"
#include "convert/quant/lanes/pack.h"
#include "convert/quant/lanes/search/qx.h"
#include "convert/quant/lanes/search/sweeps.h"

// Rows of Q3_K and Q6_K: sub-blocks of 16 with a signed scale (FORMATS 3.4).

namespace waag::convert::lanes {

inline constexpr std::size_t signed_elements = 16;

/// What the search found for the sub-blocks of a chunk, in the order of the row.
template <class V>
struct SignedFound {
  static constexpr std::size_t room = (V::lanes + 1) * sub_blocks_max + V::lanes;
  alignas(64) float scale[room];
  alignas(64) float inverse[room];                         // of QX
  alignas(64) float weight_sum[room];                      // with importance
  alignas(64) std::uint8_t level[room * signed_elements];  // of Q3S
};

/// QX of sub-blocks with the weights given or x * x.
template <class Base, int levels>
struct QxGroup {
  const float* x;
  const float* w;  // or nullptr
  SignedFound<Base>* found;

  template <class V>
  void run(std::size_t first, std::size_t there) {
    constexpr std::size_t n = signed_elements;
    alignas(64) float spare[n * V::lanes], values[n * V::lanes], weights[n * V::lanes];
    gather<V, n>(filled_up<V, n>(x + first * n, there, spare), values);
    if (w != nullptr) gather<V, n>(filled_up<V, n>(w + first * n, there, spare), weights);
    auto sum = V::of(0.0f);
    for (std::size_t i = 0; i < n; ++i) {
      const auto value = V::load(values + i * V::lanes);
      if (w == nullptr) V::store(weights + i * V::lanes, value * value);
      sum = sum + V::load(weights + i * V::lanes);
    }
    const auto best = search_qx<V, n, levels>(values, weights);
    V::store(found->scale + first, best.scale);
    V::store(found->inverse + first, best.inverse);
    V::store(found->weight_sum + first, sum);
  }
};

template <class Base>
struct Q3sGroup {
  const float* x;
  SignedFound<Base>* found;

  template <class V>
  void run(std::size_t first, std::size_t there) {
    constexpr std::size_t n = signed_elements;
    alignas(64) float spare[n * V::lanes], values[n * V::lanes], level[n * V::lanes];
    gather<V, n>(filled_up<V, n>(x + first * n, there, spare), values);
    V::store(found->scale + first, search_q3s<V>(values, level));
    for (std::size_t lane = 0; lane < V::lanes; ++lane)
      for (std::size_t i = 0; i < n; ++i)
        found->level[(first + lane) * n + i] =
            static_cast<std::uint8_t>(static_cast<int>(level[i * V::lanes + lane]));
  }
};

/// The levels that QX ended with, for a sub-block whose rounded scale is 0.
WAAG_LANE void qx_levels(const float* x, float inverse, int levels, std::uint8_t* out) {
  for (std::size_t i = 0; i < signed_elements; ++i)
    out[i] = inverse != inverse
                 ? std::uint8_t{0}
                 : static_cast<std::uint8_t>(
                       clamp_one(round_one(inverse * x[i]), -levels, levels - 1) + levels);
}

/// The scale of largest magnitude, the earliest where several have it.
WAAG_LANE float largest_scale(const float* scale, std::size_t count) {
  float magnitude = 0, largest = 0;
  for (std::size_t j = 0; j < count; ++j) {
    const float size = magnitude_one(scale[j]);
    if (size > magnitude) {
      magnitude = size;
      largest = scale[j];
    }
  }
  return largest;
}

/// The scale of a sub-block of Q6_K as its block stores it.
WAAG_LANE std::int8_t q6_k_code(float v) {
  const int rounded = round_one(v);
  return static_cast<std::int8_t>(rounded < 127 ? rounded : 127);
}

template <class V>
WAAG_LANE void q6_k_block(const float* x, const float* scale, const float* inverse,
                          std::uint8_t* out) {
  const float largest = largest_scale(scale, 16);
  if (magnitude_one(largest) < tiny_group) {
    __builtin_memset(out, 0, 210);
    return;
  }
  const float i_scale = -128.0f / largest;
  const std::uint16_t half = to_half(1.0f / i_scale);
  const float d = from_half(half);
  alignas(64) std::uint8_t level[super_elements];
  for (std::size_t j = 0; j < 16; ++j) {
    const std::int8_t code = q6_k_code(i_scale * scale[j]);
    out[192 + j] = static_cast<std::uint8_t>(code);
    const float step = d * static_cast<float>(code);
    if (step != 0)
      requantize<V, 16>(x + j * 16, step, 0.0f, -32, 31, 32, level + j * 16);
    else
      qx_levels(x + j * 16, inverse[j], 32, level + j * 16);
  }
  pack_q6(level, out);
  put_half(out + 208, half);
}

template <class V>
void quantize_q6_k(const float* x, std::uint64_t columns, const float* importance, std::byte* out) {
  constexpr std::size_t bytes = 210;
  auto* to = reinterpret_cast<std::uint8_t*>(out);
  SignedFound<V> found;
  for (std::size_t left = columns / super_elements; left != 0;) {
    const std::size_t supers = left < V::lanes ? left : V::lanes;
    for_groups<V>(supers * 16, QxGroup<V, 32>{x, importance, &found});
    for (std::size_t s = 0; s < supers; ++s, x += super_elements, to += bytes)
      q6_k_block<V>(x, found.scale + s * 16, found.inverse + s * 16, to);
    if (importance != nullptr) importance += supers * super_elements;
    left -= supers;
  }
}

/// What Q3_K stores of the scales of a super-block: d, and sixteen codes of six bits.
struct Q3kScales {
  std::uint16_t d;
  std::uint8_t code[16];
};

WAAG_LANE Q3kScales q3_k_scales(const float* scale) {
  Q3kScales found{};
  const float largest = largest_scale(scale, 16);
  const bool zero = largest == 0;
  const float inverse = zero ? 0.0f : -32.0f / largest;
  for (std::size_t j = 0; j < 16; ++j) {
    const auto rounded = static_cast<std::int8_t>(round_one(inverse * scale[j]));
    found.code[j] =
        zero ? std::uint8_t{0} : static_cast<std::uint8_t>(clamp_one(rounded, -32, 31) + 32);
  }
  found.d = zero ? std::uint16_t{0} : to_half(1.0f / inverse);
  return found;
}

/// With importance: QX over the scales of each super-block, a super-block a lane.
template <class V>
void fit_q3_k(const SignedFound<V>& found, std::size_t supers, Q3kScales* out) {
  alignas(64) float x[16 * V::lanes], w[16 * V::lanes], scale[V::lanes], inverse[V::lanes];
  across_supers<V, 16>(found.scale, supers, x);
  across_supers<V, 16>(found.weight_sum, supers, w);
  const auto best = search_qx<V, 16, 32, false>(x, w);
  V::store(scale, best.scale);
  V::store(inverse, best.inverse);
  for (std::size_t s = 0; s < supers; ++s) {
    out[s].d = to_half(scale[s]);
    qx_levels(found.scale + s * 16, inverse[s], 32, out[s].code);
  }
}

template <class V>
WAAG_LANE void q3_k_block(const float* x, const Q3kScales& scales, const float* inverse,
                          std::uint8_t* level, std::uint8_t* out) {
  const float d = from_half(scales.d);
  for (std::size_t j = 0; j < 16; ++j) {
    const float step = d * static_cast<float>(scales.code[j] - 32);
    if (step != 0)
      requantize<V, 16>(x + j * 16, step, 0.0f, -4, 3, 4, level + j * 16);
    else if (inverse != nullptr)
      qx_levels(x + j * 16, inverse[j], 4, level + j * 16);
  }
  pack_q3(level, scales.code, out);
  put_half(out + 108, scales.d);
}

template <class V>
void quantize_q3_k(const float* x, std::uint64_t columns, const float* importance, std::byte* out) {
  constexpr std::size_t bytes = 110;
  auto* to = reinterpret_cast<std::uint8_t*>(out);
  SignedFound<V> found;
  Q3kScales scales[V::lanes];
  alignas(64) float weights[V::lanes * super_elements];
  for (std::size_t left = columns / super_elements; left != 0;) {
    const std::size_t supers = left < V::lanes ? left : V::lanes;
    if (importance != nullptr) {
      importance_weights<V, super_elements, SigmaPlan{2.0f, 1.0f / 256}>(x, importance, supers,
                                                                         weights);
      for_groups<V>(supers * 16, QxGroup<V, 4>{x, weights, &found});
      fit_q3_k<V>(found, supers, scales);
      importance += supers * super_elements;
    } else {
      for_groups<V>(supers * 16, Q3sGroup<V>{x, &found});
      for (std::size_t s = 0; s < supers; ++s) scales[s] = q3_k_scales(found.scale + s * 16);
    }
    for (std::size_t s = 0; s < supers; ++s, x += super_elements, to += bytes)
      q3_k_block<V>(x, scales[s], importance != nullptr ? found.inverse + s * 16 : nullptr,
                    found.level + s * super_elements, to);
    left -= supers;
  }
}

}  // namespace waag::convert::lanes
