#pragma once

#include <cstddef>
#include <cstdint>

// The vocabulary that the searches are written in. A width V (Avx2, Avx512, TwoOf<...>; on a device
// one float) has
//
//   V::lanes                 how many sub-blocks run side by side
//   V::Floats, Ints, Mask    one binary32, one 32-bit integer, one truth value a lane
//   V::of(x), V::load(p), V::store(p, v), V::transpose(...)
//
// and its values have + - * / (each rounded once, never contracted), < > == !=, & | ~,
// select(mask, yes, no), lesser, greater, magnitude, square_root, bits, from_bits, to_floats, any.
// So a search reads as the scalar reference does, and each lane computes what it computes.
//
// Everything here is a template over the width or takes its types, and is always inlined: files
// built for different CPUs must not share a function, or the linker would keep the one that the
// CPU lacks the instructions for. For the same reason the kernels call no inline function of
// others.

// With nvcc the same functions run on the device too, a sub-block a thread (convert/gpu/lane.h):
// what they keep in arrays stays in registers if all their loops are unrolled.
#ifdef __CUDACC__
#define WAAG_DEVICE __host__ __device__
#define WAAG_LANE WAAG_DEVICE __forceinline__
#else
#define WAAG_DEVICE
#define WAAG_LANE inline __attribute__((always_inline))
#endif
#define WAAG_PRAGMA(text) _Pragma(#text)
#ifdef __CUDA_ARCH__
#define WAAG_UNROLL(count) WAAG_PRAGMA(unroll)
#elif defined(__CUDACC__)
#define WAAG_UNROLL(count)
#else
#define WAAG_UNROLL(count) WAAG_PRAGMA(GCC unroll count)
#endif

namespace waag::convert::lanes {

/// Two vectors as one: twice the lanes, and while one waits for a sum the other works.
template <class T>
struct Two {
  T a, b;
};

#define WAAG_TWO_BINARY(name)                                             \
  template <class T>                                                      \
  WAAG_LANE auto name(Two<T> x, Two<T> y) {                               \
    return Two<decltype(name(x.a, y.a))>{name(x.a, y.a), name(x.b, y.b)}; \
  }
WAAG_TWO_BINARY(operator+)
WAAG_TWO_BINARY(operator-)
WAAG_TWO_BINARY(operator*)
WAAG_TWO_BINARY(operator/)
WAAG_TWO_BINARY(operator<)
WAAG_TWO_BINARY(operator>)
WAAG_TWO_BINARY(operator==)
WAAG_TWO_BINARY(operator!=)
WAAG_TWO_BINARY(operator&)
WAAG_TWO_BINARY(operator|)
WAAG_TWO_BINARY(lesser)
WAAG_TWO_BINARY(greater)
#undef WAAG_TWO_BINARY

#define WAAG_TWO_UNARY(name)                               \
  template <class T>                                       \
  WAAG_LANE auto name(Two<T> x) {                          \
    return Two<decltype(name(x.a))>{name(x.a), name(x.b)}; \
  }
WAAG_TWO_UNARY(operator~)
WAAG_TWO_UNARY(magnitude)
WAAG_TWO_UNARY(square_root)
WAAG_TWO_UNARY(bits)
WAAG_TWO_UNARY(from_bits)
WAAG_TWO_UNARY(to_floats)
WAAG_TWO_UNARY(iq4_value)
#undef WAAG_TWO_UNARY

template <class M, class T>
WAAG_LANE Two<T> select(Two<M> mask, Two<T> yes, Two<T> no) {
  return {select(mask.a, yes.a, no.a), select(mask.b, yes.b, no.b)};
}
template <class M>
WAAG_LANE bool any(Two<M> mask) {
  return any(mask.a | mask.b);
}

template <class V>
struct TwoOf {
  using Floats = Two<typename V::Floats>;
  using Ints = Two<typename V::Ints>;
  using Mask = Two<typename V::Mask>;
  static constexpr std::size_t lanes = 2 * V::lanes;
  static constexpr std::size_t tile = V::tile;

  static WAAG_LANE Floats of(float x) { return {V::of(x), V::of(x)}; }
  static WAAG_LANE Ints of(std::int32_t x) { return {V::of(x), V::of(x)}; }
  static WAAG_LANE Floats load(const float* from) {
    return {V::load(from), V::load(from + V::lanes)};
  }
  static WAAG_LANE void store(float* to, Floats x) {
    V::store(to, x.a);
    V::store(to + V::lanes, x.b);
  }
  static WAAG_LANE void store_bytes(std::uint8_t* to, Ints x) {
    V::store_bytes(to, x.a);
    V::store_bytes(to + V::lanes, x.b);
  }
  static WAAG_LANE void transpose(const float* in, std::size_t in_stride, float* out,
                                  std::size_t out_stride) {
    V::transpose(in, in_stride, out, out_stride);
  }
};

/// 1.5 * 2^23: added to |v| <= 4194303 it leaves rn(v), rounded half to even, in the low bits.
inline constexpr float round_shift = 12582912.0f;
inline constexpr float round_limit = 4194303.0f;

/// rn(v) of the reference for |v| <= round_limit, as a float.
template <class V>
WAAG_LANE typename V::Floats round_small(typename V::Floats v) {
  return (v + V::of(round_shift)) - V::of(round_shift);
}

/// rn(v) of the reference for any v: what is out of range, Inf or NaN wraps as it does there.
template <class V>
WAAG_LANE typename V::Ints round_any(typename V::Floats v) {
  return (bits(v + V::of(round_shift)) & V::of(0x007fffff)) - V::of(0x00400000);
}

template <class T>
WAAG_LANE T clamp(T x, T low, T high) {
  return greater(lesser(x, high), low);
}

/// Sub-blocks of n floats, one after the other, into n vectors with a lane each.
/// @param out  n * V::lanes floats, aligned to 64 bytes
template <class V, std::size_t n>
WAAG_LANE void gather(const float* x, float* out) {
  static_assert(n % V::tile == 0);
  for (std::size_t row = 0; row < V::lanes; row += V::tile)
    for (std::size_t column = 0; column < n; column += V::tile)
      V::transpose(x + row * n + column, n, out + column * V::lanes + row, V::lanes);
}

}  // namespace waag::convert::lanes
