#include "convert/gpu/block_kernels.h"

#include "convert/gpu/float_block.h"
#include "convert/gpu/iq4_block.h"
#include "convert/gpu/k_min_block.h"
#include "convert/gpu/k_signed_block.h"
#include "convert/gpu/legacy_block.h"
#include "convert/quant/reference/mxfp4.h"
#include "tests/convert/device/twin_device.h"
#include "tests/convert/gpu/twin_blocks.h"
#include "tests/convert/gpu/weighed_tiles.h"
#include "tests/convert/quant/golden.h"

namespace waag::convert::testing {
namespace {

/// Every BF16 that is a number: sums become Inf and NaN.
std::vector<float> all_bfloats() {
  std::vector<float> out(1 << 16);
  for (std::uint32_t code = 0; code < out.size(); ++code)
    out[code] = std::bit_cast<float>((code & 0x7f80) == 0x7f80 ? 0x3f800000u : code << 16);
  return out;
}

/// A large constant with little around it, so that rn leaves its range.
std::vector<float> offsets() {
  std::vector<float> out(16 * sample_columns);
  for (std::uint64_t i = 0; i < out.size(); ++i)
    out[i] = ((i / 256) % 2 == 0 ? 3000.0f : -100.0f) +
             static_cast<float>(sample_word(elements, i) % 8) * 1e-4f;
  return out;
}

template <class K>
void check_values(TensorType type, std::span<const float> values,
                  std::span<const float> importance) {
  const auto expected = blocks_of(type, values, sample_columns, importance, Lanes::scalar);
  for (const auto order : {ThreadOrder::forwards, ThreadOrder::backwards}) {
    std::vector<std::byte> ours(expected.size());
    twin_blocks<K>(values, sample_columns, importance, order, ours.data());
    const auto differ = std::ranges::mismatch(expected, ours);
    CAPTURE(block_of(type).name, importance.size(), order == ThreadOrder::backwards,
            differ.in1 - expected.begin());
    CHECK(differ.in1 == expected.end());
  }
}

template <class K>
void check_type(TensorType type) {
  REQUIRE(K::bytes == block_of(type).block_bytes);
  REQUIRE(K::elements == block_of(type).block_elements);
  REQUIRE(32 % K::team == 0);
  constexpr std::uint64_t rows = 128;
  const auto importance = sample_importance();
  for (const auto& values : {sample_rows(0, rows), all_bfloats(), offsets()}) {
    check_values<K>(type, values, {});
    check_values<K>(type, values, importance);
  }
}

}  // namespace

TEST_CASE("block_kernels: the twin of a device gives the bits of the reference", "[convert][gpu]") {
  check_type<gpu::FloatBlock<float_to_half>>(TensorType::f16);
  check_type<gpu::FloatBlock<float_to_bfloat>>(TensorType::bf16);
  check_type<gpu::KMinBlock<lanes::Q2K>>(TensorType::q2_k);
  check_type<gpu::Q3KBlock>(TensorType::q3_k);
  check_type<gpu::KMinBlock<lanes::Q4K>>(TensorType::q4_k);
  check_type<gpu::KMinBlock<lanes::Q5K>>(TensorType::q5_k);
  check_type<gpu::Q6KBlock>(TensorType::q6_k);
  check_type<gpu::Iq4NlBlock>(TensorType::iq4_nl);
  check_type<gpu::Iq4XsBlock>(TensorType::iq4_xs);
  check_type<gpu::Mxfp4Block>(TensorType::mxfp4);  // ignores the importance
  check_type<gpu::PlainBlock<lanes::Q80>>(TensorType::q8_0);
  check_type<gpu::LegacyBlock<lanes::Symmetric<8>>>(TensorType::q4_0);
  check_type<gpu::LegacyBlock<lanes::Affine<15>>>(TensorType::q4_1);
  check_type<gpu::LegacyBlock<lanes::Symmetric<16>>>(TensorType::q5_0);
  check_type<gpu::LegacyBlock<lanes::Affine<31>>>(TensorType::q5_1);
}

TEST_CASE("block_kernels: importances from zero to the end of binary32", "[convert][gpu]") {
  const auto sample = sample_rows(500, 64);
  const auto bfloats = all_bfloats();
  for (const auto& kind : importance_kinds) {
    const auto importance = importance_of(kind, sample_columns);
    CAPTURE(kind.name);
    for (const auto& values : {sample, bfloats}) {
      check_values<gpu::LegacyBlock<lanes::Symmetric<8>>>(TensorType::q4_0, values, importance);
      check_values<gpu::LegacyBlock<lanes::Affine<15>>>(TensorType::q4_1, values, importance);
      check_values<gpu::LegacyBlock<lanes::Symmetric<16>>>(TensorType::q5_0, values, importance);
      check_values<gpu::LegacyBlock<lanes::Affine<31>>>(TensorType::q5_1, values, importance);
    }
  }
}

TEST_CASE("block_kernels: tiles with importance, of rows of any width", "[convert][gpu]") {
  TwinDevice twin(2);
  check_weighed_tiles(twin, 7);
}

TEST_CASE("block_kernels: the logarithm of MXFP4 in integers is the reference's",
          "[convert][gpu]") {
  // Around each power of two, and the subnormal ones: where it may round up.
  const auto same = [](std::uint32_t bits) {
    const auto magnitude = std::bit_cast<float>(bits);
    return lanes::mxfp4_log2(magnitude) == reference::floor_log2(magnitude);
  };
  for (std::uint32_t exponent = 0; exponent < 255; ++exponent)
    for (std::uint32_t i = 0; i < 256; ++i) {
      const std::uint32_t low = (exponent << 23) + i, high = (exponent << 23) + 0x007fffff - i;
      CAPTURE(low, high);
      if (low != 0) REQUIRE(same(low));
      REQUIRE(same(high));
    }
  for (std::uint32_t shift = 8; shift < 23; ++shift)
    for (std::uint32_t i = 1; i < 128; ++i) REQUIRE(same((1u << shift) - i));
}

}  // namespace waag::convert::testing
