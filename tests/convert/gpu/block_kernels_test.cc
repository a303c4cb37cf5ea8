#include "convert/gpu/block_kernels.h"

#include <cstring>
#include <memory>

#include "convert/gpu/iq4_block.h"
#include "convert/gpu/k_min_block.h"
#include "convert/gpu/k_signed_block.h"
#include "convert/gpu/plain_block.h"
#include "convert/quant/reference/mxfp4.h"
#include "tests/convert/quant/golden.h"

namespace waag::convert::testing {
namespace {

/// Blocks of the device's source, a thread after the other. As on a device, the state of a block
/// begins with what another left, or anything.
template <class K>
std::vector<std::byte> twin_blocks(std::span<const float> values, std::uint64_t columns,
                                   std::span<const float> importance, bool backwards) {
  std::vector<std::byte> out(values.size() / K::elements * K::bytes);
  auto* to = reinterpret_cast<std::uint8_t*>(out.data());
  auto state = std::make_unique<typename K::State>();
  std::memset(state.get(), 0xa5, sizeof(typename K::State));
  for (std::uint64_t at = 0; at < values.size(); at += K::elements, to += K::bytes) {
    const float* weights = importance.empty() ? nullptr : importance.data() + at % columns;
    gpu::run_on_host<K>({values.data() + at, weights, to}, *state, backwards);
  }
  return out;
}

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
  for (const bool backwards : {false, true}) {
    const auto ours = twin_blocks<K>(values, sample_columns, importance, backwards);
    const auto differ = std::ranges::mismatch(expected, ours);
    CAPTURE(block_of(type).name, importance.size(), backwards, differ.in1 - expected.begin());
    CHECK(differ.in1 == expected.end());
  }
}

/// @param weighed  also with importance
template <class K>
void check_type(TensorType type, bool weighed = true) {
  REQUIRE(K::bytes == block_of(type).block_bytes);
  REQUIRE(K::elements == block_of(type).block_elements);
  REQUIRE(32 % K::team == 0);
  constexpr std::uint64_t rows = 128;
  const auto importance = sample_importance();
  for (const auto& values : {sample_rows(0, rows), all_bfloats(), offsets()}) {
    check_values<K>(type, values, {});
    if (weighed) check_values<K>(type, values, importance);
  }
}

}  // namespace

TEST_CASE("block_kernels: the twin of a device gives the bits of the reference", "[convert][gpu]") {
  check_type<gpu::KMinBlock<lanes::Q2K>>(TensorType::q2_k);
  check_type<gpu::Q3KBlock>(TensorType::q3_k);
  check_type<gpu::KMinBlock<lanes::Q4K>>(TensorType::q4_k);
  check_type<gpu::KMinBlock<lanes::Q5K>>(TensorType::q5_k);
  check_type<gpu::Q6KBlock>(TensorType::q6_k);
  check_type<gpu::Iq4NlBlock>(TensorType::iq4_nl);
  check_type<gpu::Iq4XsBlock>(TensorType::iq4_xs);
  check_type<gpu::Mxfp4Block>(TensorType::mxfp4);  // ignores the importance
  check_type<gpu::PlainBlock<lanes::Q80>>(TensorType::q8_0);
  const bool weighed = false;
  check_type<gpu::PlainBlock<lanes::Symmetric<8>>>(TensorType::q4_0, weighed);
  check_type<gpu::PlainBlock<lanes::Affine<15>>>(TensorType::q4_1, weighed);
  check_type<gpu::PlainBlock<lanes::Symmetric<16>>>(TensorType::q5_0, weighed);
  check_type<gpu::PlainBlock<lanes::Affine<31>>>(TensorType::q5_1, weighed);
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
