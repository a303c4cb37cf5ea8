#pragma once

#include "convert/quant/lanes/vector/vector.h"

#ifdef __F16C__
#include <immintrin.h>
#else
#include "convert/quant/floats.h"
#endif

// What the row kernels share: a row goes by chunks of as many super-blocks as there are lanes, the
// sub-blocks of a chunk by groups of twice as many lanes; the last group of a chunk is filled up
// with zeros.

namespace waag::convert::lanes {

inline constexpr std::size_t super_elements = 256;
inline constexpr std::size_t sub_blocks_max = 16;  // of a super-block

/// rn(v) of the reference for any v, one at a time.
WAAG_LANE int round_one(float v) {
#ifndef __F16C__
  if (v != v) return 0;  // as the bits of x86-64's own NaN say; a device has others
#endif
  const auto bits = __builtin_bit_cast(std::uint32_t, v + round_shift);
  return static_cast<int>(bits & 0x007fffffu) - 0x00400000;
}
WAAG_LANE int clamp_one(int v, int low, int high) { return v < low ? low : v > high ? high : v; }
WAAG_LANE float magnitude_one(float v) { return __builtin_fabsf(v); }

#ifdef __F16C__
/// F32 to F16, to nearest even; NaN gives sign | 0x7E00.
WAAG_LANE std::uint16_t to_half(float v) {
  if (v != v)
    return static_cast<std::uint16_t>((__builtin_bit_cast(std::uint32_t, v) >> 16 & 0x8000u) |
                                      0x7e00u);
  return static_cast<std::uint16_t>(
      _mm_cvtsi128_si32(_mm_cvtps_ph(_mm_set_ss(v), _MM_FROUND_TO_NEAREST_INT)));
}
WAAG_LANE float from_half(std::uint16_t v) {
  return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(v)));
}
#else  // one lane: on a device, or its twin on the host
WAAG_LANE std::uint16_t to_half(float v) {
  if (v != v) return 0xfe00;  // of x86-64's own NaN; a device's has the other sign
  return float_to_half(v);
}
WAAG_LANE float from_half(std::uint16_t v) { return half_to_float(v); }
#endif
WAAG_LANE void put_half(std::uint8_t* to, std::uint16_t v) { __builtin_memcpy(to, &v, sizeof v); }

/// As many sub-blocks of n floats as V has lanes: those that are there, then zeros.
/// @param spare  V::lanes * n floats
template <class V, std::size_t n>
WAAG_LANE const float* filled_up(const float* x, std::size_t there, float* spare) {
  if (there >= V::lanes) return x;
  __builtin_memcpy(spare, x, there * n * sizeof(float));
  __builtin_memset(spare + there * n, 0, (V::lanes - there) * n * sizeof(float));
  return spare;
}

/// Calls group.template run<W>(first, count) for the sub-blocks 0..count-1, W being TwoOf<V> or V.
template <class V, class Group>
WAAG_LANE void for_groups(std::size_t count, Group group) {
  for (std::size_t first = 0; first < count;) {
    const std::size_t rest = count - first;
    if (rest > V::lanes) {
      group.template run<TwoOf<V>>(first, rest);
      first += 2 * V::lanes;
    } else {
      group.template run<V>(first, rest);
      first += V::lanes;
    }
  }
}

/// How an importance becomes a weight: w = importance * sqrt(sigma + x * x) with
/// sigma = (before * the sum of x * x) * after, over a super-block.
struct SigmaPlan {
  float before, after;
};

template <class V, std::size_t super>
WAAG_LANE void square_sums(const float* x, std::size_t supers, float* sums) {
  if (supers < V::lanes) {
    for (std::size_t s = 0; s < supers; ++s) {
      float sum = 0;
      for (std::size_t i = 0; i < super; ++i) sum += x[s * super + i] * x[s * super + i];
      sums[s] = sum;
    }
    return;
  }
  auto sum = V::of(0.0f);
  alignas(64) float tile[V::lanes * V::lanes];
  for (std::size_t i = 0; i < super; i += V::lanes) {
    V::transpose(x + i, super, tile, V::lanes);
    for (std::size_t j = 0; j < V::lanes; ++j) {
      const auto value = V::load(tile + j * V::lanes);
      sum = sum + value * value;
    }
  }
  V::store(sums, sum);
}

/// The weights of up to V::lanes super-blocks.
template <class V, std::size_t super, SigmaPlan plan>
void importance_weights(const float* x, const float* importance, std::size_t supers, float* w) {
  alignas(64) float sums[V::lanes];
  square_sums<V, super>(x, supers, sums);
  for (std::size_t s = 0; s < supers; ++s) {
    const auto sigma = V::of((plan.before * sums[s]) * plan.after);
    for (std::size_t i = s * super; i < (s + 1) * super; i += V::lanes) {
      const auto value = V::load(x + i);
      V::store(w + i, V::load(importance + i) * square_root(sigma + value * value));
    }
  }
}

/// The scales of a super-block each as vectors with a super-block a lane.
/// @param out  n * V::lanes floats
template <class V, std::size_t n>
WAAG_LANE void across_supers(const float* values, std::size_t supers, float* out) {
  for (std::size_t j = 0; j < n; ++j)
    for (std::size_t s = 0; s < V::lanes; ++s)
      out[j * V::lanes + s] = s < supers ? values[s * n + j] : 0.0f;
}

/// clamp(rn((x + shift) / scale), low, high) + offset of a sub-block.
template <class V, std::size_t n>
WAAG_LANE void requantize(const float* x, float scale, float shift, int low, int high, int offset,
                          std::uint8_t* out) {
  for (std::size_t i = 0; i < n; i += V::lanes) {
    const auto v = (V::load(x + i) + V::of(shift)) / V::of(scale);
    const auto l = clamp(round_any<V>(v), V::of(low), V::of(high));
    V::store_bytes(out + i, l + V::of(offset));
  }
}

}  // namespace waag::convert::lanes
