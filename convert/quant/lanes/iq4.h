#pragma once

#include "convert/quant/lanes/chunk.h"
#include "convert/quant/lanes/k_signed.h"
#include "convert/quant/lanes/pack.h"
#include "convert/quant/lanes/search/qx.h"

// Rows of IQ4_NL and IQ4_XS (FORMATS 3.4): blocks of 32, each level one of 16 values.

namespace waag::convert::lanes {

template <class Base>
struct Iq4Group {
  const float* x;
  const float* w;  // or nullptr: x * x
  float* scale;

  template <class V>
  void run(std::size_t first, std::size_t there) {
    constexpr std::size_t n = 32;
    alignas(64) float spare[n * V::lanes], values[n * V::lanes], weights[n * V::lanes];
    gather<V, n>(filled_up<V, n>(x + first * n, there, spare), values);
    if (w != nullptr)
      gather<V, n>(filled_up<V, n>(w + first * n, there, spare), weights);
    else
      for (std::size_t i = 0; i < n; ++i) {
        const auto value = V::load(values + i * V::lanes);
        V::store(weights + i * V::lanes, value * value);
      }
    V::store(scale + first, search_iq4<V, n>(values, weights));
  }
};

/// The nibbles of 32 elements, x * inverse to the nearest value.
template <class V>
WAAG_LANE void iq4_nibbles(const float* x, float inverse, std::uint8_t* out) {
  alignas(64) std::uint8_t level[32];
  for (std::size_t i = 0; i < 32; i += V::lanes)
    V::store_bytes(level + i, iq4_index<V>(V::of(inverse) * V::load(x + i)));
  pack_halves(level, out);
}

/// d of a super-block, from the scales of its blocks.
WAAG_LANE float iq4_xs_scale(const float* scale) { return -largest_scale(scale, 8) / 32; }

template <class V>
WAAG_LANE void iq4_xs_block(const float* x, const float* scale, std::uint8_t* out) {
  const float d = iq4_xs_scale(scale);
  const float inverse = d != 0 ? 1 / d : 0.0f;
  unsigned high = 0;
  std::uint8_t low[4] = {};
  for (std::size_t j = 0; j < 8; ++j) {
    const int rounded = clamp_one(round_one(inverse * scale[j]), -32, 31);
    const float step = d * static_cast<float>(rounded);
    iq4_nibbles<V>(x + j * 32, step != 0 ? 1 / step : 0.0f, out + 8 + j * 16);
    const auto code = static_cast<unsigned>(rounded + 32);
    low[j / 2] = static_cast<std::uint8_t>(low[j / 2] | (code & 15) << (4 * (j % 2)));
    high |= (code >> 4) << (2 * j);
  }
  put_half(out, to_half(d));
  put_half(out + 2, static_cast<std::uint16_t>(high));
  __builtin_memcpy(out + 4, low, sizeof low);
}

template <class V>
void quantize_iq4_xs(const float* x, std::uint64_t columns, const float* importance,
                     std::byte* out) {
  constexpr std::size_t bytes = 136;
  auto* to = reinterpret_cast<std::uint8_t*>(out);
  alignas(64) float scale[V::lanes * 8 + V::lanes];
  alignas(64) float weights[V::lanes * super_elements];
  for (std::size_t left = columns / super_elements; left != 0;) {
    const std::size_t supers = left < V::lanes ? left : V::lanes;
    if (importance != nullptr) {
      importance_weights<V, super_elements, SigmaPlan{1.0f, 2.0f / 256}>(x, importance, supers,
                                                                         weights);
      importance += supers * super_elements;
    }
    const float* w = importance != nullptr ? weights : nullptr;
    for_groups<V>(supers * 8, Iq4Group<V>{x, w, scale});
    for (std::size_t s = 0; s < supers; ++s, x += super_elements, to += bytes)
      iq4_xs_block<V>(x, scale + s * 8, to);
    left -= supers;
  }
}

template <class V>
void quantize_iq4_nl(const float* x, std::uint64_t columns, const float* importance,
                     std::byte* out) {
  constexpr std::size_t n = 32, bytes = 18, group = 2 * V::lanes;
  auto* to = reinterpret_cast<std::uint8_t*>(out);
  alignas(64) float scale[group];
  alignas(64) float weights[group * n];
  for (std::size_t left = columns / n; left != 0;) {
    const std::size_t blocks = left < group ? left : group;
    if (importance != nullptr) {
      for (std::size_t b = 0; b < blocks; b += V::lanes) {
        const std::size_t some = blocks - b < V::lanes ? blocks - b : V::lanes;
        importance_weights<V, n, SigmaPlan{1.0f, 2.0f / 32}>(x + b * n, importance + b * n, some,
                                                             weights + b * n);
      }
      importance += blocks * n;
    }
    const float* w = importance != nullptr ? weights : nullptr;
    for_groups<V>(blocks, Iq4Group<V>{x, w, scale});
    for (std::size_t b = 0; b < blocks; ++b, x += n, to += bytes) {
      put_half(to, to_half(scale[b]));
      iq4_nibbles<V>(x, scale[b] != 0 ? 1 / scale[b] : 0.0f, to + 2);
    }
    left -= blocks;
  }
}

}  // namespace waag::convert::lanes
