#pragma once

#include "convert/quant/lanes/pack.h"

// The layouts of lanes/pack.h by the byte: the threads of a team write one each, side by side.

namespace waag::convert::gpu {

/// Of pack_pairs.
WAAG_LANE std::uint8_t pair_byte(const std::uint8_t* level, std::size_t i) {
  level += i / 32 * 128 + i % 32;
  return lanes::low_byte((level[0] & 3) | (level[32] & 3) << 2 | (level[64] & 3) << 4 |
                         (level[96] & 3) << 6);
}

/// Of pack_nibbles.
WAAG_LANE std::uint8_t nibble_byte(const std::uint8_t* level, std::size_t i) {
  level += i / 32 * 64 + i % 32;
  return lanes::low_byte((level[0] & 15) | level[32] << 4);
}

/// Of pack_fifth_bits (shift 4), and of the mask of pack_q3 (shift 2).
template <int shift>
WAAG_LANE std::uint8_t high_bits_byte(const std::uint8_t* level, std::size_t i) {
  int byte = 0;
  for (std::size_t part = 0; part < 8; ++part)
    byte |= (level[part * 32 + i] >> shift) << static_cast<int>(part);
  return lanes::low_byte(byte);
}

/// Of pack_q6.
WAAG_LANE std::uint8_t q6_byte(const std::uint8_t* level, std::size_t i) {
  if (i < 128) {
    level += i / 64 * 128 + i % 64;
    return lanes::low_byte((level[0] & 15) | level[64] << 4);
  }
  i -= 128;
  level += i / 32 * 128 + i % 32;
  return lanes::low_byte(level[0] >> 4 | (level[32] >> 4) << 2 | (level[64] >> 4) << 4 |
                         (level[96] >> 4) << 6);
}

/// Of the scales of pack_q3.
WAAG_LANE std::uint8_t q3_scale_byte(const std::uint8_t* code, std::size_t i) {
  if (i < 8) return lanes::low_byte((code[i] & 15) | (code[i + 8] & 15) << 4);
  code += i - 8;
  return lanes::low_byte(code[0] >> 4 | (code[4] >> 4) << 2 | (code[8] >> 4) << 4 |
                         (code[12] >> 4) << 6);
}

}  // namespace waag::convert::gpu
