#pragma once

#include "convert/quant/lanes/chunk.h"
#include "convert/quant/lanes/legacy.h"
#include "convert/quant/lanes/pack.h"

// Rows of MXFP4 (FORMATS 3.2).

namespace waag::convert::lanes {

/// floor(log2(magnitude)) as the reference rounds it, for 0 < magnitude < Inf: the exponent, or one
/// more where the mantissa is so near to the next power of two that the logarithm rounds to it.
WAAG_LANE int mxfp4_log2(float magnitude) {
  const auto bits = __builtin_bit_cast(std::uint32_t, magnitude);
  const bool plain = bits >= 0x00800000u && (bits & 0x007fffffu) < 0x007fffc0u;
  int exponent = static_cast<int>(bits >> 23) - 127;
  if (plain) return exponent;
  std::uint32_t mantissa = bits & 0x007fffffu;
  if (bits < 0x00800000u) {  // subnormal
    const int shift = __builtin_clz(mantissa) - 8;
    mantissa = (mantissa << shift) & 0x007fffffu;
    exponent = -126 - shift;
  }
  const int above = exponent + 1;
  if (above == 0) return exponent;
  // Half the distance from `above` to the float below it, and 2^above - magnitude, both in units of
  // the mantissa: log2(1 - t) is -t / ln 2, and ln 2 * 2^7 lies between 88 and 89.
  const auto distance = static_cast<std::uint32_t>(above < 0 ? -above : above);
  const bool narrow = above > 0 && (distance & (distance - 1)) == 0;  // floats below lie closer
  const int spacing = 31 - __builtin_clz(distance) + (narrow ? -1 : 0);
  const std::uint32_t reach = spacing < 0 ? 0 : 88u >> (7 - spacing);
  return 0x00800000u - mantissa <= reach ? above : exponent;
}

/// The code of the nearest value, the lower one on ties; zero is never negative.
template <class V>
WAAG_LANE typename V::Ints mxfp4_code(typename V::Floats x, float scale) {
  constexpr float doubled[8] = {0, 1, 2, 3, 4, 6, 8, 12};
  const auto size = magnitude(x);
  auto error = size;
  auto code = V::of(0);
  WAAG_UNROLL(7)
  for (int i = 1; i < 8; ++i) {
    const auto candidate = magnitude(V::of(doubled[i] * scale) - size);
    const auto better = candidate < error;
    code = select(better, V::of(i), code);
    error = select(better, candidate, error);
  }
  const auto negative = (x < V::of(0.0f)) & (code != V::of(0));
  return select(negative, code + V::of(8), code);
}

/// One block.
/// @param most  the largest magnitude of its elements
template <class V>
WAAG_LANE void mxfp4_block(const float* x, float most, std::uint8_t* to) {
  alignas(64) std::uint8_t level[block_elements];
  to[0] = low_byte(most > 0 ? mxfp4_log2(most) - 2 + 127 : 0);
  const unsigned exponent = to[0];
  const std::uint32_t bits = exponent < 2 ? 0x00200000u << exponent : (exponent - 1) << 23;
  const float scale = __builtin_bit_cast(float, bits);  // half of the block's scale
  for (std::size_t i = 0; i < block_elements; i += V::lanes)
    V::store_bytes(level + i, mxfp4_code<V>(V::load(x + i), scale));
  pack_halves(level, to + 1);
}

template <class V>
void quantize_mxfp4(const float* x, std::uint64_t columns, const float*, std::byte* out) {
  constexpr std::size_t n = block_elements, bytes = 17;
  auto* to = reinterpret_cast<std::uint8_t*>(out);
  alignas(64) float spare[n * V::lanes], values[n * V::lanes], most[V::lanes];
  for (std::size_t left = columns / n; left != 0;) {
    const std::size_t blocks = left < V::lanes ? left : V::lanes;
    gather<V, n>(filled_up<V, n>(x, blocks, spare), values);
    V::store(most, largest_of<V, n>(values).magnitude);
    for (std::size_t b = 0; b < blocks; ++b, x += n, to += bytes) mxfp4_block<V>(x, most[b], to);
    left -= blocks;
  }
}

}  // namespace waag::convert::lanes
