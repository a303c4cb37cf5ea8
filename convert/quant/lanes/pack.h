#pragma once

#include "convert/quant/lanes/vector/vector.h"

// Levels, a byte each in the order of the row, into the bytes of a block (FORMATS 3.1, 3.4).

namespace waag::convert::lanes {

WAAG_LANE std::uint8_t low_byte(int v) { return static_cast<std::uint8_t>(v); }

/// Four levels of two bits a byte.
WAAG_LANE void pack_pairs(const std::uint8_t* level, std::uint8_t* out) {
  for (std::size_t half = 0; half < 2; ++half, level += 128, out += 32)
    for (std::size_t i = 0; i < 32; ++i)
      out[i] = low_byte((level[i] & 3) | (level[i + 32] & 3) << 2 | (level[i + 64] & 3) << 4 |
                        (level[i + 96] & 3) << 6);
}

/// Q4_K, Q5_K: the low nibbles of two sub-blocks of 32 a byte.
WAAG_LANE void pack_nibbles(const std::uint8_t* level, std::uint8_t* out) {
  for (std::size_t part = 0; part < 4; ++part, level += 64, out += 32)
    for (std::size_t i = 0; i < 32; ++i) out[i] = low_byte((level[i] & 15) | level[i + 32] << 4);
}

/// Q5_K: bit `part` of byte i is the fifth bit of element 32 * part + i.
WAAG_LANE void pack_fifth_bits(const std::uint8_t* level, std::uint8_t* out) {
  std::uint8_t high[32] = {};
  for (int part = 0; part < 8; ++part, level += 32)
    for (std::size_t i = 0; i < 32; ++i) high[i] = low_byte(high[i] | (level[i] >> 4) << part);
  __builtin_memcpy(out, high, sizeof high);
}

/// Blocks of 32: byte i holds the low nibbles of elements i and i + 16.
WAAG_LANE void pack_halves(const std::uint8_t* level, std::uint8_t* out) {
  for (std::size_t i = 0; i < 16; ++i) out[i] = low_byte((level[i] & 15) | level[i + 16] << 4);
}

/// Q6_K's ql[128] and qh[64], at the start of the block.
WAAG_LANE void pack_q6(const std::uint8_t* level, std::uint8_t* out) {
  std::uint8_t* high = out + 128;
  for (std::size_t half = 0; half < 2; ++half, level += 128, out += 64, high += 32)
    for (std::size_t i = 0; i < 32; ++i) {
      const std::uint8_t a = level[i], b = level[i + 32], c = level[i + 64], d = level[i + 96];
      out[i] = low_byte((a & 15) | c << 4);
      out[i + 32] = low_byte((b & 15) | d << 4);
      high[i] = low_byte(a >> 4 | (b >> 4) << 2 | (c >> 4) << 4 | (d >> 4) << 6);
    }
}

/// Q3_K's hmask[32], qs[64] and scales[12], at the start of the block.
/// @param level  0..7
/// @param code   sixteen of six bits
WAAG_LANE void pack_q3(const std::uint8_t* level, const std::uint8_t* code, std::uint8_t* out) {
  std::uint8_t mask[32] = {};
  for (int part = 0; part < 8; ++part)
    for (std::size_t i = 0; i < 32; ++i)
      mask[i] = low_byte(mask[i] | (level[static_cast<std::size_t>(part) * 32 + i] >> 2) << part);
  __builtin_memcpy(out, mask, sizeof mask);
  pack_pairs(level, out + 32);
  for (std::size_t j = 0; j < 8; ++j)
    out[96 + j] = low_byte((code[j] & 15) | (code[j + 8] & 15) << 4);
  for (std::size_t j = 0; j < 4; ++j)
    out[104 + j] = low_byte(code[j] >> 4 | (code[j + 4] >> 4) << 2 | (code[j + 8] >> 4) << 4 |
                            (code[j + 12] >> 4) << 6);
}

}  // namespace waag::convert::lanes
