#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "convert/quant/floats.h"

// How levels and scales lie in blocks (FORMATS 3.1, 3.4), for the quantizers and the dequantizers.

namespace waag::convert::reference {

inline constexpr std::size_t block_elements = 32;         // legacy types, IQ4_NL, MXFP4
inline constexpr std::size_t super_block_elements = 256;  // K-quants, IQ4_XS

/// The values that IQ4_NL and IQ4_XS pick from. Source: ggml, src/ggml-common.h kvalues_iq4nl.
inline constexpr std::array<int, 16> iq4_values{-127, -104, -83, -65, -49, -35, -22, -10,
                                                1,    13,   25,  38,  53,  69,  89,  113};

/// Twice the values of E2M1, by code. Source: ggml, src/ggml-common.h kvalues_mxfp4.
inline constexpr std::array<int, 16> mxfp4_values{0, 1,  2,  3,  4,  6,  8,  12,
                                                  0, -1, -2, -3, -4, -6, -8, -12};

/// Half of 2^(exponent - 127), because mxfp4_values are doubled.
constexpr float mxfp4_half_scale(int exponent) {
  const auto bits = static_cast<std::uint32_t>(exponent);
  return std::bit_cast<float>(bits < 2 ? 0x00200000u << bits : (bits - 1) << 23);
}

inline std::byte low_byte(int value) { return static_cast<std::byte>(value & 0xff); }
inline int as_int(std::byte value) { return std::to_integer<int>(value); }
inline int as_signed(std::byte value) { return static_cast<std::int8_t>(value); }

inline std::uint16_t load_u16(const std::byte* at) {
  return static_cast<std::uint16_t>(as_int(at[0]) | as_int(at[1]) << 8);
}
inline void store_u16(std::byte* at, std::uint16_t value) {
  at[0] = low_byte(value);
  at[1] = low_byte(value >> 8);
}
inline float load_half(const std::byte* at) { return half_to_float(load_u16(at)); }
/// @return what was stored: `value` rounded to F16
inline float store_half(std::byte* at, float value) {
  store_u16(at, float_to_half(value));
  return load_half(at);
}

/// 4 bits of each of 32 levels: byte j holds element j (low) and j + 16 (high).
inline void store_nibbles(std::span<const int> levels, std::byte* out) {
  for (std::size_t j = 0; j < 16; ++j)
    out[j] = low_byte((levels[j] & 0xf) | (levels[j + 16] & 0xf) << 4);
}

/// Bit 4 of each of 32 levels as a little-endian u32, bit j that of element j.
inline void store_fifth_bits(std::span<const int> levels, std::byte* out) {
  for (std::size_t byte = 0; byte < 4; ++byte) {
    int bits = 0;
    for (std::size_t j = 0; j < 8; ++j) bits |= ((levels[8 * byte + j] >> 4) & 1) << j;
    out[byte] = low_byte(bits);
  }
}

/// 2 bits of each of 256 levels: of each half, byte l holds elements l, l + 32, l + 64, l + 96.
inline void store_crumbs(std::span<const int> levels, std::byte* out) {
  for (std::size_t half = 0; half < 2; ++half) {
    const auto part = levels.subspan(128 * half, 128);
    for (std::size_t l = 0; l < 32; ++l)
      out[32 * half + l] =
          low_byte(part[l] | part[l + 32] << 2 | part[l + 64] << 4 | part[l + 96] << 6);
  }
}

/// Scale and minimum of a sub-block of Q4_K and Q5_K, 6 bits each.
struct ScaleAndMin {
  int scale = 0;
  int minimum = 0;
};

/// 8 pairs in 12 bytes: the first four scales and minima take 6 bits of bytes 0-3 and 4-7, whose
/// upper bits hold those of the last four.
inline void store_scales_and_mins(std::span<const ScaleAndMin, 8> pairs, std::byte* out) {
  for (std::size_t j = 0; j < 4; ++j) {
    const auto& early = pairs[j];
    const auto& late = pairs[j + 4];
    out[j] = low_byte(early.scale | (late.scale >> 4) << 6);
    out[j + 4] = low_byte(early.minimum | (late.minimum >> 4) << 6);
    out[j + 8] = low_byte((late.scale & 0xf) | (late.minimum & 0xf) << 4);
  }
}
inline ScaleAndMin load_scale_and_min(const std::byte* packed, std::size_t j) {
  if (j < 4) return {as_int(packed[j]) & 63, as_int(packed[j + 4]) & 63};
  return {(as_int(packed[j + 4]) & 0xf) | (as_int(packed[j - 4]) >> 6) << 4,
          as_int(packed[j + 4]) >> 4 | (as_int(packed[j]) >> 6) << 4};
}

/// The 16 scales of Q3_K, 6 bits each, in 12 bytes: low nibbles, then the upper 2 bits.
inline void store_q3_scales(std::span<const int, 16> scales, std::byte* out) {
  for (std::size_t j = 0; j < 8; ++j)
    out[j] = low_byte((scales[j] & 0xf) | (scales[j + 8] & 0xf) << 4);
  for (std::size_t j = 0; j < 4; ++j)
    out[j + 8] = low_byte(scales[j] >> 4 | (scales[j + 4] >> 4) << 2 | (scales[j + 8] >> 4) << 4 |
                          (scales[j + 12] >> 4) << 6);
}
inline int load_q3_scale(const std::byte* packed, std::size_t j) {
  const int low = j < 8 ? as_int(packed[j]) & 0xf : as_int(packed[j - 8]) >> 4;
  return low | ((as_int(packed[8 + j % 4]) >> (2 * (j / 4))) & 3) << 4;
}

}  // namespace waag::convert::reference
