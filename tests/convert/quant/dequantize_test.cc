#include <cmath>
#include <limits>

#include "convert/quant/floats.h"
#include "tests/convert/quant/golden.h"

// The values of whole samples are compared with ggml's in each type's own test (check_as_ggml).
// Here: blocks written by hand, so that a layout that both directions get wrong shows.

namespace waag::convert::testing {
namespace {

constexpr std::byte one_low{0x00};  // 1.0 as F16: 0x3C00
constexpr std::byte one_high{0x3c};

std::vector<std::byte> empty_block(TensorType type) {
  return std::vector<std::byte>(block_of(type).block_bytes);
}
void put_one(std::vector<std::byte>& block, std::size_t at) {
  block[at] = one_low;
  block[at + 1] = one_high;
}

}  // namespace

TEST_CASE("dequantize: byte j of a block of 32 holds elements j and j + 16", "[convert][quant]") {
  struct Case {
    TensorType type;
    std::size_t nibbles;
    float zero, one, two;  // what levels 0, 1 and 2 stand for at a scale of 1
  };
  const auto tested =
      GENERATE(Case{TensorType::q4_0, 2, -8, -7, -6}, Case{TensorType::q4_1, 4, 0, 1, 2},
               Case{TensorType::q5_0, 6, -16, -15, -14}, Case{TensorType::q5_1, 8, 0, 1, 2},
               Case{TensorType::iq4_nl, 2, -127, -104, -83});
  auto block = empty_block(tested.type);
  put_one(block, 0);
  block[tested.nibbles + 3] = std::byte{0x21};
  const auto values = values_of(tested.type, block);
  CAPTURE(block_of(tested.type).name);
  REQUIRE(values.size() == 32);
  for (std::size_t j = 0; j < 32; ++j)
    CHECK(values[j] == (j == 3 ? tested.one : j == 19 ? tested.two : tested.zero));
}

TEST_CASE("dequantize: fifth bits and minima of the legacy types", "[convert][quant]") {
  auto q5_0 = empty_block(TensorType::q5_0);
  put_one(q5_0, 0);
  q5_0[2 + 2] = std::byte{0x02};  // bit 17
  CHECK(values_of(TensorType::q5_0, q5_0)[17] == 0);
  CHECK(values_of(TensorType::q5_0, q5_0)[16] == -16);

  auto q5_1 = empty_block(TensorType::q5_1);
  put_one(q5_1, 0);
  put_one(q5_1, 2);
  q5_1[4 + 3] = std::byte{0x80};  // bit 31
  CHECK(values_of(TensorType::q5_1, q5_1)[31] == 17);
  CHECK(values_of(TensorType::q5_1, q5_1)[0] == 1);
}

TEST_CASE("dequantize: where scales of Q4_K and Q5_K lie", "[convert][quant]") {
  const auto type = GENERATE(TensorType::q4_k, TensorType::q5_k);
  auto block = empty_block(type);
  put_one(block, 0);
  put_one(block, 2);
  block[4 + 1] = std::byte{0xc5};  // sub-block 1: scale 5; upper bits of scale 5: 48
  block[4 + 5] = std::byte{0x42};  // sub-block 1: minimum 2; upper bits of minimum 5: 16
  block[4 + 9] = std::byte{0x31};  // sub-block 5: scale 1, minimum 3
  const std::size_t nibbles = type == TensorType::q4_k ? 16 : 48;
  block[nibbles] = std::byte{0x30};       // element 32: level 3
  block[nibbles + 64] = std::byte{0x10};  // element 160: level 1
  const auto values = values_of(type, block);
  CHECK(values[0] == 0);
  CHECK(values[32] == 5 * 3 - 2);
  CHECK(values[33] == -2);
  CHECK(values[160] == 49 * 1 - 19);
  CHECK(values[161] == -19);
  if (type == TensorType::q5_k) {
    block[16 + 1] = std::byte{0x02};  // bit 1: sub-block 1, its element 1
    CHECK(values_of(type, block)[33] == 5 * 16 - 2);
  }
}

TEST_CASE("dequantize: where levels of Q2_K, Q3_K and Q6_K lie", "[convert][quant]") {
  auto q2 = empty_block(TensorType::q2_k);
  put_one(q2, 80);
  put_one(q2, 82);
  q2[9] = std::byte{0x32};             // sub-block 9: scale 2, minimum 3
  q2[16 + 32 + 17] = std::byte{0x03};  // element 128 + 17
  CHECK(values_of(TensorType::q2_k, q2)[145] == 2 * 3 - 3);
  CHECK(values_of(TensorType::q2_k, q2)[144] == -3);

  auto q3 = empty_block(TensorType::q3_k);
  put_one(q3, 108);
  q3[96 + 1] = std::byte{0xf0};        // low nibble of scale 9: 15
  q3[96 + 9] = std::byte{0x20};        // upper bits of scale 9: 2
  q3[32 + 32 + 17] = std::byte{0x02};  // element 128 + 17: 2 of 3 bits
  CHECK(values_of(TensorType::q3_k, q3)[145] == (47 - 32) * (2 - 4));
  q3[17] = std::byte{0x10};  // and the third: mask bit 4 of byte 17
  CHECK(values_of(TensorType::q3_k, q3)[145] == (47 - 32) * 2);

  auto q6 = empty_block(TensorType::q6_k);
  put_one(q6, 208);
  q6[192 + 15] = std::byte{0xff};  // the scale of sub-block 15: -1
  q6[64 + 63] = std::byte{0x50};   // element 255: low 4 bits 5
  q6[128 + 63] = std::byte{0x80};  // and upper bits 2
  CHECK(values_of(TensorType::q6_k, q6)[255] == -(37 - 32));
  CHECK(values_of(TensorType::q6_k, q6)[254] == 32);
}

TEST_CASE("dequantize: where scales of IQ4_XS lie, and what MXFP4's exponent means",
          "[convert][quant]") {
  auto xs = empty_block(TensorType::iq4_xs);
  put_one(xs, 0);
  xs[4 + 2] = std::byte{0x70};  // sub-block 5: low bits 7
  xs[2 + 1] = std::byte{0x08};  // and upper bits 2 (bits 10 and 11): 39
  xs[8 + 16 * 5 + 1] = std::byte{0xf0};
  CHECK(values_of(TensorType::iq4_xs, xs)[160 + 17] == (39 - 32) * 113);
  CHECK(values_of(TensorType::iq4_xs, xs)[160 + 1] == (39 - 32) * -127);

  auto fp4 = empty_block(TensorType::mxfp4);
  fp4[0] = std::byte{128};
  fp4[1] = std::byte{0xf7};
  CHECK(values_of(TensorType::mxfp4, fp4)[0] == 12);
  CHECK(values_of(TensorType::mxfp4, fp4)[16] == -12);
  fp4[0] = std::byte{0};
  CHECK(values_of(TensorType::mxfp4, fp4)[0] == 12 * 0x1p-128f);
}

TEST_CASE("dequantize: a scale that is not finite gives no finite value", "[convert][quant]") {
  auto block = empty_block(TensorType::q8_0);
  block[1] = std::byte{0x7c};
  block[2] = std::byte{1};
  const auto values = values_of(TensorType::q8_0, block);
  CHECK(values[0] == std::numeric_limits<float>::infinity());
  CHECK(std::isnan(values[1]));
}

}  // namespace waag::convert::testing
