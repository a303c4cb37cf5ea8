#include "tests/convert/quant/golden.h"

namespace waag::convert::testing {
namespace {

struct ScaleAt {
  TensorType type;
  std::size_t byte;  // the upper one of a scale
};

}  // namespace

TEST_CASE("scales: an infinite or NaN scale is found, in the last block too",
          "[convert][quant][scales]") {
  const auto [type, byte] = GENERATE(values<ScaleAt>({
      {TensorType::f32, 3},    {TensorType::f16, 1},    {TensorType::bf16, 1},
      {TensorType::q8_0, 1},   {TensorType::q4_0, 1},   {TensorType::q4_1, 1},
      {TensorType::q4_1, 3},   {TensorType::q5_0, 1},   {TensorType::q5_1, 1},
      {TensorType::q5_1, 3},   {TensorType::q2_k, 81},  {TensorType::q2_k, 83},
      {TensorType::q3_k, 109}, {TensorType::q4_k, 1},   {TensorType::q4_k, 3},
      {TensorType::q5_k, 1},   {TensorType::q5_k, 3},   {TensorType::q6_k, 209},
      {TensorType::iq4_nl, 1}, {TensorType::iq4_xs, 1},
  }));
  CAPTURE(block_of(type).name, byte);
  auto blocks = blocks_of(type, sample_rows(0, 1), sample_columns);
  REQUIRE(scales_are_finite(type, blocks));
  const std::size_t last = blocks.size() - block_of(type).block_bytes;
  for (const std::size_t at : {std::size_t{0}, last}) {
    auto broken = blocks;
    // F32 and BF16 have exponents of 8 bits: all ones in the upper byte and one bit of the next.
    if (type == TensorType::f32 || type == TensorType::bf16)
      broken[at + byte - 1] |= std::byte{0x80};
    broken[at + byte] |= std::byte{0x7f};
    CHECK_FALSE(scales_are_finite(type, broken));
  }
}

TEST_CASE("scales: MXFP4 has one exponent that is no number", "[convert][quant][scales]") {
  auto blocks = blocks_of(TensorType::mxfp4, sample_rows(0, 1), sample_columns);
  blocks[17] = std::byte{0xfe};
  CHECK(scales_are_finite(TensorType::mxfp4, blocks));
  blocks[17] = std::byte{0xff};
  CHECK_FALSE(scales_are_finite(TensorType::mxfp4, blocks));
}

TEST_CASE("scales: weights beyond F16 make an infinite scale, which is found",
          "[convert][quant][scales]") {
  const std::vector<float> values(256, 1e9f);
  for (const auto type : all_types) {
    if (type == TensorType::f32 || type == TensorType::bf16 || type == TensorType::mxfp4) continue;
    CAPTURE(block_of(type).name);
    CHECK_FALSE(scales_are_finite(type, blocks_of(type, values, 256)));
  }
}

}  // namespace waag::convert::testing
