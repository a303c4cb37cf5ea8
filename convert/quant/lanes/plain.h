#pragma once

#include "convert/quant/lanes/chunk.h"

// Rows of F16 and BF16: each element to the nearest, halves to even.

namespace waag::convert::lanes {

struct HalfFloats {
  template <class V>
  static WAAG_LANE typename V::Ints convert(typename V::Floats x) {
    const auto sign = shifted_right<16>(bits(x)) & V::of(0x8000);
    return select(x != x, sign | V::of(0x7e00), V::half_bits(x));
  }
};

struct BrainFloats {
  template <class V>
  static WAAG_LANE typename V::Ints convert(typename V::Floats x) {
    const auto b = bits(x);
    const auto odd = shifted_right<16>(b) & V::of(1);
    const auto nearest = shifted_right<16>(b + V::of(0x7fff) + odd);
    return select(x != x, shifted_right<16>(b) | V::of(64), nearest);
  }
};

template <class V, class Type>
void quantize_plain(const float* x, std::uint64_t columns, const float*, std::byte* out) {
  std::uint64_t i = 0;
  for (; i + V::lanes <= columns; i += V::lanes)
    V::store_halves(out + 2 * i, Type::template convert<V>(V::load(x + i)));
  if (i == columns) return;
  alignas(64) float rest[V::lanes] = {};
  alignas(64) std::byte halves[2 * V::lanes];
  __builtin_memcpy(rest, x + i, (columns - i) * sizeof(float));
  V::store_halves(halves, Type::template convert<V>(V::load(rest)));
  __builtin_memcpy(out + 2 * i, halves, 2 * (columns - i));
}

}  // namespace waag::convert::lanes
