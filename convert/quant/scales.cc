#include "convert/quant/floats.h"
#include "convert/quant/quantize.h"
#include "convert/quant/reference/layout.h"

namespace waag::convert {
namespace {

// Where the F16 scales of a block lie: `count` of them in a row.
struct Halves {
  std::size_t at = 0;
  std::size_t count = 0;
};

Halves halves_of(TensorType type) {
  switch (type) {
    case TensorType::f16:
    case TensorType::q8_0:
    case TensorType::q4_0:
    case TensorType::q5_0:
    case TensorType::iq4_nl:
    case TensorType::iq4_xs:
      return {0, 1};
    case TensorType::q4_1:
    case TensorType::q5_1:
    case TensorType::q4_k:
    case TensorType::q5_k:
      return {0, 2};
    case TensorType::q2_k:
      return {80, 2};
    case TensorType::q3_k:
      return {108, 1};
    case TensorType::q6_k:
      return {208, 1};
    case TensorType::f32:
    case TensorType::bf16:
    case TensorType::mxfp4:
      return {};
  }
  return {};
}

constexpr std::uint16_t upper_exponent = 0x7f80;  // of an F32, seen through its upper half

/// Without a way out of the loop, so that the compiler takes many at a time.
bool bfloats_are_finite(ByteView values) {
  bool is_bad = false;
  for (std::size_t at = 0; at + 2 <= values.size(); at += 2)
    is_bad |= (reference::load_u16(values.data() + at) & upper_exponent) == upper_exponent;
  return !is_bad;
}

bool block_is_finite(TensorType type, const Halves& halves, const std::byte* block) {
  constexpr std::uint16_t half_exponent = 0x7c00;
  for (std::size_t i = 0; i < halves.count; ++i) {
    const auto half = reference::load_u16(block + halves.at + 2 * i);
    if ((half & half_exponent) == half_exponent) return false;
  }
  if (type == TensorType::mxfp4) return block[0] != std::byte{0xff};
  if (type == TensorType::f32)
    return (reference::load_u16(block + 2) & upper_exponent) != upper_exponent;
  return true;
}

}  // namespace

bool scales_are_finite(TensorType type, ByteView blocks) {
  if (type == TensorType::bf16) return bfloats_are_finite(blocks);
  const auto halves = halves_of(type);
  const std::size_t bytes = block_of(type).block_bytes;
  for (std::size_t at = 0; at + bytes <= blocks.size(); at += bytes) {
    if (!block_is_finite(type, halves, blocks.data() + at)) return false;
  }
  return true;
}

}  // namespace waag::convert
