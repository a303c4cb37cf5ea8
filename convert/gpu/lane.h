#pragma once

#include "convert/quant/lanes/vector/iq4_values.h"
#include "convert/quant/lanes/vector/vector.h"

// One lane: the width that a thread of a device searches with, and the host twin of it. On the
// device each operation is an intrinsic that rounds once, so that none is contracted to an FMA
// (FORMATS 3.0, 8.5).
//
// Where x86-64 and a device differ, the lane does as x86-64: a NaN has the bits of x86-64's own,
// and a conversion to an integer that does not fit gives the least one.

namespace waag::convert::gpu {

struct Floats1 {
  float v;
};
struct Ints1 {
  std::int32_t v;
};
struct Mask1 {
  bool v;
};

#ifdef __CUDA_ARCH__
WAAG_LANE Floats1 operator+(Floats1 x, Floats1 y) { return {__fadd_rn(x.v, y.v)}; }
WAAG_LANE Floats1 operator-(Floats1 x, Floats1 y) { return {__fsub_rn(x.v, y.v)}; }
WAAG_LANE Floats1 operator*(Floats1 x, Floats1 y) { return {__fmul_rn(x.v, y.v)}; }
WAAG_LANE Floats1 operator/(Floats1 x, Floats1 y) { return {__fdiv_rn(x.v, y.v)}; }
WAAG_LANE Floats1 square_root(Floats1 x) { return {__fsqrt_rn(x.v)}; }
#else
WAAG_LANE Floats1 operator+(Floats1 x, Floats1 y) { return {x.v + y.v}; }
WAAG_LANE Floats1 operator-(Floats1 x, Floats1 y) { return {x.v - y.v}; }
WAAG_LANE Floats1 operator*(Floats1 x, Floats1 y) { return {x.v * y.v}; }
WAAG_LANE Floats1 operator/(Floats1 x, Floats1 y) { return {x.v / y.v}; }
WAAG_LANE Floats1 square_root(Floats1 x) { return {__builtin_sqrtf(x.v)}; }
#endif
WAAG_LANE Mask1 operator<(Floats1 x, Floats1 y) { return {x.v < y.v}; }
WAAG_LANE Mask1 operator>(Floats1 x, Floats1 y) { return {x.v > y.v}; }
WAAG_LANE Mask1 operator==(Floats1 x, Floats1 y) { return {x.v == y.v}; }
WAAG_LANE Mask1 operator!=(Floats1 x, Floats1 y) { return {x.v != y.v}; }
/// x < y ? x : y, so the second where they are equal or one is NaN.
WAAG_LANE Floats1 lesser(Floats1 x, Floats1 y) { return {x.v < y.v ? x.v : y.v}; }
/// x > y ? x : y
WAAG_LANE Floats1 greater(Floats1 x, Floats1 y) { return {x.v > y.v ? x.v : y.v}; }
WAAG_LANE Floats1 magnitude(Floats1 x) { return {__builtin_fabsf(x.v)}; }
WAAG_LANE Ints1 bits(Floats1 x) {
  constexpr auto nan = static_cast<std::int32_t>(0xffc00000u);
  return {x.v != x.v ? nan : __builtin_bit_cast(std::int32_t, x.v)};
}
WAAG_LANE Floats1 from_bits(Ints1 x) { return {__builtin_bit_cast(float, x.v)}; }

WAAG_LANE Ints1 operator+(Ints1 x, Ints1 y) { return {x.v + y.v}; }
WAAG_LANE Ints1 operator-(Ints1 x, Ints1 y) { return {x.v - y.v}; }
WAAG_LANE Ints1 operator&(Ints1 x, Ints1 y) { return {x.v & y.v}; }
WAAG_LANE Ints1 operator|(Ints1 x, Ints1 y) { return {x.v | y.v}; }
WAAG_LANE Mask1 operator!=(Ints1 x, Ints1 y) { return {x.v != y.v}; }
WAAG_LANE Ints1 lesser(Ints1 x, Ints1 y) { return {x.v < y.v ? x.v : y.v}; }
WAAG_LANE Ints1 greater(Ints1 x, Ints1 y) { return {x.v > y.v ? x.v : y.v}; }
WAAG_LANE Floats1 to_floats(Ints1 x) { return {static_cast<float>(x.v)}; }
/// Towards zero; 0x80000000 where it does not fit.
WAAG_LANE Ints1 truncated(Floats1 x) {
  const bool fits = x.v >= -2147483648.0f && x.v < 2147483648.0f;
  return {fits ? static_cast<std::int32_t>(x.v) : static_cast<std::int32_t>(0x80000000u)};
}

WAAG_LANE Mask1 operator&(Mask1 x, Mask1 y) { return {x.v && y.v}; }
WAAG_LANE Mask1 operator|(Mask1 x, Mask1 y) { return {x.v || y.v}; }
WAAG_LANE Mask1 operator~(Mask1 x) { return {!x.v}; }
WAAG_LANE bool any(Mask1 x) { return x.v; }
WAAG_LANE Floats1 select(Mask1 mask, Floats1 yes, Floats1 no) { return mask.v ? yes : no; }
WAAG_LANE Ints1 select(Mask1 mask, Ints1 yes, Ints1 no) { return mask.v ? yes : no; }

struct Lane {
  using Floats = Floats1;
  using Ints = Ints1;
  using Mask = Mask1;
  static constexpr std::size_t lanes = 1;
  static constexpr std::size_t tile = 1;

  static WAAG_LANE Floats of(float x) { return {x}; }
  static WAAG_LANE Ints of(std::int32_t x) { return {x}; }
  static WAAG_LANE Floats load(const float* from) { return {*from}; }
  static WAAG_LANE void store(float* to, Floats x) { *to = x.v; }
  /// The low byte.
  static WAAG_LANE void store_bytes(std::uint8_t* to, Ints x) {
    *to = static_cast<std::uint8_t>(x.v);
  }
};

/// The nearest value of IQ4.
WAAG_LANE Floats1 iq4_value(Floats1 x) {
  float value = lanes::iq4_value_at(0);
  WAAG_UNROLL(15)
  for (int i = 0; i < 15; ++i)
    if (!(x.v < lanes::iq4_middle_at(i))) value = lanes::iq4_value_at(i + 1);
  return {value};
}

}  // namespace waag::convert::gpu
