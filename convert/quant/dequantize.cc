#include <array>
#include <cassert>
#include <cstring>

#include "convert/quant/floats.h"
#include "convert/quant/quantize.h"
#include "convert/quant/reference/layout.h"

// What blocks stand for (FORMATS 3.2, 3.4). Each decoder takes one block and is written from the
// picture above its encoder in quant/reference/.

namespace waag::convert {
namespace {

using namespace reference;

float as_float(int level) { return static_cast<float>(level); }

// Element j of 32: byte j mod 16, the low half first.
int nibble(const std::byte* nibbles, std::size_t j) {
  return (as_int(nibbles[j % 16]) >> (4 * (j / 16))) & 0xf;
}
int bit(const std::byte* bits, std::size_t j) { return (as_int(bits[j / 8]) >> (j % 8)) & 1; }
// Element i of 256 in the order of store_crumbs.
int crumb(const std::byte* crumbs, std::size_t i) {
  return (as_int(crumbs[32 * (i / 128) + i % 32]) >> (2 * (i % 128 / 32))) & 3;
}

void decode_f32(const std::byte* block, float* out) { std::memcpy(out, block, sizeof(float)); }
void decode_f16(const std::byte* block, float* out) { *out = load_half(block); }
void decode_bf16(const std::byte* block, float* out) { *out = bfloat_to_float(load_u16(block)); }

void decode_q8_0(const std::byte* block, float* out) {
  const float d = load_half(block);
  for (std::size_t j = 0; j < block_elements; ++j) out[j] = as_float(as_signed(block[2 + j])) * d;
}

void decode_q4_0(const std::byte* block, float* out) {
  const float d = load_half(block);
  for (std::size_t j = 0; j < block_elements; ++j) out[j] = as_float(nibble(block + 2, j) - 8) * d;
}

void decode_q4_1(const std::byte* block, float* out) {
  const float d = load_half(block);
  const float m = load_half(block + 2);
  for (std::size_t j = 0; j < block_elements; ++j) out[j] = as_float(nibble(block + 4, j)) * d + m;
}

void decode_q5_0(const std::byte* block, float* out) {
  const float d = load_half(block);
  for (std::size_t j = 0; j < block_elements; ++j)
    out[j] = as_float((nibble(block + 6, j) | bit(block + 2, j) << 4) - 16) * d;
}

void decode_q5_1(const std::byte* block, float* out) {
  const float d = load_half(block);
  const float m = load_half(block + 2);
  for (std::size_t j = 0; j < block_elements; ++j)
    out[j] = as_float(nibble(block + 8, j) | bit(block + 4, j) << 4) * d + m;
}

void decode_mxfp4(const std::byte* block, float* out) {
  const float d = mxfp4_half_scale(as_int(block[0]));
  for (std::size_t j = 0; j < block_elements; ++j)
    out[j] = as_float(mxfp4_values[static_cast<std::size_t>(nibble(block + 1, j))]) * d;
}

void decode_iq4_values(float scale, const std::byte* nibbles, float* out) {
  for (std::size_t j = 0; j < block_elements; ++j)
    out[j] = scale * as_float(iq4_values[static_cast<std::size_t>(nibble(nibbles, j))]);
}

void decode_iq4_nl(const std::byte* block, float* out) {
  decode_iq4_values(load_half(block), block + 2, out);
}

void decode_iq4_xs(const std::byte* block, float* out) {
  const float d = load_half(block);
  const int high = load_u16(block + 2);
  for (std::size_t j = 0; j < 8; ++j) {
    const int low = (as_int(block[4 + j / 2]) >> (4 * (j % 2))) & 0xf;
    const int scale = (low | ((high >> (2 * j)) & 3) << 4) - 32;
    decode_iq4_values(d * as_float(scale), block + 8 + 16 * j, out + 32 * j);
  }
}

void decode_q2_k(const std::byte* block, float* out) {
  const float d = load_half(block + 80);
  const float dmin = load_half(block + 82);
  for (std::size_t i = 0; i < super_block_elements; ++i) {
    const int packed = as_int(block[i / 16]);
    out[i] =
        d * as_float(packed & 0xf) * as_float(crumb(block + 16, i)) - dmin * as_float(packed >> 4);
  }
}

void decode_q3_k(const std::byte* block, float* out) {
  const float d = load_half(block + 108);
  for (std::size_t i = 0; i < super_block_elements; ++i) {
    const float scale = d * as_float(load_q3_scale(block + 96, i / 16) - 32);
    const int third = (as_int(block[i % 32]) >> (i / 32)) & 1;
    out[i] = scale * as_float((crumb(block + 32, i) | third << 2) - 4);
  }
}

// Q4_K and Q5_K; `fifth` is null for Q4_K.
void decode_affine(const std::byte* block, const std::byte* fifth, const std::byte* nibbles,
                   float* out) {
  const float d = load_half(block);
  const float dmin = load_half(block + 2);
  for (std::size_t j = 0; j < 8; ++j) {
    const auto pair = load_scale_and_min(block + 4, j);
    const float scale = d * as_float(pair.scale);
    const float minimum = dmin * as_float(pair.minimum);
    for (std::size_t l = 0; l < 32; ++l) {
      int level = (as_int(nibbles[32 * (j / 2) + l]) >> (4 * (j % 2))) & 0xf;
      if (fifth != nullptr) level |= ((as_int(fifth[l]) >> j) & 1) << 4;
      out[32 * j + l] = scale * as_float(level) - minimum;
    }
  }
}

void decode_q4_k(const std::byte* block, float* out) {
  decode_affine(block, nullptr, block + 16, out);
}
void decode_q5_k(const std::byte* block, float* out) {
  decode_affine(block, block + 16, block + 48, out);
}

void decode_q6_k(const std::byte* block, float* out) {
  const float d = load_half(block + 208);
  for (std::size_t i = 0; i < super_block_elements; ++i) {
    const std::size_t half = i / 128;
    const std::size_t quarter = i % 128 / 32;
    const std::byte low = block[64 * half + 32 * (quarter % 2) + i % 32];
    const std::byte high = block[128 + 32 * half + i % 32];
    const int level =
        ((as_int(low) >> (4 * (quarter / 2))) & 0xf) | ((as_int(high) >> (2 * quarter)) & 3) << 4;
    out[i] = d * as_float(as_signed(block[192 + i / 16])) * as_float(level - 32);
  }
}

using BlockDecoder = void (*)(const std::byte* block, float* out);

BlockDecoder decoder_of(TensorType type) {
  switch (type) {
    case TensorType::f32:
      return decode_f32;
    case TensorType::f16:
      return decode_f16;
    case TensorType::bf16:
      return decode_bf16;
    case TensorType::q8_0:
      return decode_q8_0;
    case TensorType::q4_0:
      return decode_q4_0;
    case TensorType::q4_1:
      return decode_q4_1;
    case TensorType::q5_0:
      return decode_q5_0;
    case TensorType::q5_1:
      return decode_q5_1;
    case TensorType::q2_k:
      return decode_q2_k;
    case TensorType::q3_k:
      return decode_q3_k;
    case TensorType::q4_k:
      return decode_q4_k;
    case TensorType::q5_k:
      return decode_q5_k;
    case TensorType::q6_k:
      return decode_q6_k;
    case TensorType::iq4_nl:
      return decode_iq4_nl;
    case TensorType::iq4_xs:
      return decode_iq4_xs;
    case TensorType::mxfp4:
      return decode_mxfp4;
  }
  return nullptr;
}

}  // namespace

bool can_dequantize(std::uint32_t ggml_type) {
  return decoder_of(static_cast<TensorType>(ggml_type)) != nullptr;
}

void dequantize_rows(TensorType type, ByteView blocks, std::span<float> values) {
  const auto block = block_of(type);
  const std::size_t count = blocks.size() / block.block_bytes;
  assert(blocks.size() == count * block.block_bytes);
  assert(values.size() == count * block.block_elements);
  const BlockDecoder decode = decoder_of(type);
  for (std::size_t i = 0; i < count; ++i)
    decode(blocks.data() + i * block.block_bytes, values.data() + i * block.block_elements);
}

}  // namespace waag::convert
