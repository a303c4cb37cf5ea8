// The one source of LinearKernels: each width of vector includes it in a file of its own, which
// says the WAAG_LINEAR_WIDTH that its compiler flags are for. All is in an anonymous namespace and
// calls nothing else: an inline function shared with other files could be linked as compiled here.
#pragma once

#include <cstddef>
#include <cstdint>

#include "convert/quant/linear/linear_kernels.h"

// No vector crosses a call: all that takes one is inlined.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace waag::convert {
namespace {

constexpr std::size_t width = WAAG_LINEAR_WIDTH;
using Floats = float __attribute__((vector_size(4 * width)));
using Words = std::int32_t __attribute__((vector_size(4 * width)));
using Codes = std::uint8_t __attribute__((vector_size(width)));
using Pairs = std::uint16_t __attribute__((vector_size(width)));
using Packed = std::uint8_t __attribute__((vector_size(width / 2)));

#define WAAG_INLINE [[gnu::always_inline]] inline

WAAG_INLINE Floats load(const float* values) {
  Floats vector;
  __builtin_memcpy(&vector, values, sizeof(vector));
  return vector;
}

WAAG_INLINE Words bits_of(const Floats& values) { return reinterpret_cast<Words>(values); }

WAAG_INLINE Words magnitude_bits(const Floats& values) { return bits_of(values) & 0x7fffffff; }

/// Finite floats without a sign compare as their bits do.
WAAG_INLINE float largest_of(const float* values, std::size_t count) {
  Words most{};
  std::size_t at = 0;
  for (; at + width <= count; at += width) {
    const Words now = magnitude_bits(load(values + at));
    most = now > most ? now : most;
  }
  std::int32_t best = 0;
  for (std::size_t lane = 0; lane < width; ++lane) best = most[lane] > best ? most[lane] : best;
  float result;
  __builtin_memcpy(&result, &best, sizeof(result));
  for (; at < count; ++at) {
    const float magnitude = values[at] < 0 ? -values[at] : values[at];
    result = magnitude > result ? magnitude : result;
  }
  return result;
}

/// As float_to_e4m3 in floats.h, for what is not NaN.
WAAG_INLINE Codes e4m3_of(const Floats& values) {
  const Words sign = (bits_of(values) >> 24) & 0x80;
  Words magnitude = magnitude_bits(values);
  const Words most = Words{} + 0x43e00000;  // 448
  magnitude = magnitude < most ? magnitude : most;
  const Words normal = (magnitude + 0x7ffff + ((magnitude >> 20) & 1) - (120 << 23)) >> 20;
  const Floats shifted = reinterpret_cast<Floats>(magnitude) + 16384.0f;
  const Words subnormal = bits_of(shifted) & 0xf;
  const Words code = magnitude < 0x3c800000 ? subnormal : normal;  // 2^-6
  return __builtin_convertvector(code | sign, Codes);
}

/// Rounded to nearest even, in the low bits of two's complement; bounds are integers in 16 bits.
WAAG_INLINE Words rounded(const Floats& scaled, float low, float high) {
  const Floats lowest = Floats{} + low;
  const Floats highest = Floats{} + high;
  Floats values = scaled < lowest ? lowest : scaled;
  values = values > highest ? highest : values;
  return bits_of(values + 12582912.0f);  // 1.5 * 2^23: its unit is 1
}

WAAG_INLINE Codes int8_of(const Floats& values) {
  return __builtin_convertvector(rounded(values, -128.0f, 127.0f) & 0xff, Codes);
}

/// Two 4-bit codes a byte.
WAAG_INLINE void store_packed(const Words& codes, std::uint8_t* out) {
  const Codes bytes = __builtin_convertvector(codes, Codes);
  const Pairs pairs = reinterpret_cast<Pairs>(bytes);
  const Packed packed = __builtin_convertvector((pairs | (pairs >> 4)) & 0xff, Packed);
  __builtin_memcpy(out, &packed, sizeof(packed));
}

/// Ties go to the even code (FORMATS 5.1); a comparison that holds is -1.
WAAG_INLINE Words e2m1_of(const Floats& values) {
  const Words magnitude_word = magnitude_bits(values);
  const Floats magnitude = reinterpret_cast<Floats>(magnitude_word);
  const Words code =
      -((magnitude > 0.25f) + (magnitude >= 0.75f) + (magnitude > 1.25f) + (magnitude >= 1.75f) +
        (magnitude > 2.5f) + (magnitude >= 3.5f) + (magnitude > 5.0f));
  return code | ((values < 0.0f) & 8);
}

template <class Encode>
WAAG_INLINE void codes_of(const float* values, std::size_t count, float scale, std::uint8_t* out,
                          Encode encode) {
  std::size_t at = 0;
  for (; at + width <= count; at += width) {
    const Codes codes = encode(load(values + at) / scale);
    __builtin_memcpy(out + at, &codes, sizeof(codes));
  }
  if (at == count) return;
  float rest[width] = {};
  __builtin_memcpy(rest, values + at, (count - at) * sizeof(float));
  const Codes codes = encode(load(rest) / scale);
  __builtin_memcpy(out + at, &codes, count - at);
}

void largest(const float* values, std::size_t groups, std::size_t group, float* out) {
  for (std::size_t i = 0; i < groups; ++i) out[i] = largest_of(values + i * group, group);
}

void e4m3_codes(const float* values, std::size_t count, float scale, std::uint8_t* out) {
  codes_of(values, count, scale, out,
           [](const Floats& vector) __attribute__((always_inline)) { return e4m3_of(vector); });
}

void int8_codes(const float* values, std::size_t count, float scale, std::uint8_t* out) {
  codes_of(values, count, scale, out,
           [](const Floats& vector) __attribute__((always_inline)) { return int8_of(vector); });
}

void int4_codes(const float* values, std::size_t groups, const float* scales, std::uint8_t* out) {
  constexpr std::size_t group = 128;
  for (std::size_t i = 0; i < groups; ++i)
    for (std::size_t at = i * group; at < (i + 1) * group; at += width) {
      const Words code = (rounded(load(values + at) / scales[i], -8.0f, 7.0f) + 8) & 0xf;
      store_packed(code, out + at / 2);
    }
}

void e2m1_codes(const float* values, std::size_t groups, const float* scales, std::uint8_t* out) {
  constexpr std::size_t group = 16;
  for (std::size_t i = 0; i < groups; ++i)
    for (std::size_t at = i * group; at < (i + 1) * group; at += width)
      store_packed(e2m1_of(load(values + at) / scales[i]), out + at / 2);
}

#undef WAAG_INLINE

constexpr LinearKernels kernels{largest, e4m3_codes, int8_codes, int4_codes, e2m1_codes};

}  // namespace
}  // namespace waag::convert
