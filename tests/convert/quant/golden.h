#pragma once

#include <span>

#include <catch2/catch.hpp>

#include "convert/quant/quantize.h"
#include "protocol/hash.h"
#include "tests/convert/quant/sample_rows.h"
#include "tests/vectors/ggml_digests.h"

namespace waag::convert::testing {

inline constexpr std::array all_types{
    TensorType::f32,  TensorType::f16,    TensorType::bf16,   TensorType::q8_0,
    TensorType::q4_0, TensorType::q4_1,   TensorType::q5_0,   TensorType::q5_1,
    TensorType::q2_k, TensorType::q3_k,   TensorType::q4_k,   TensorType::q5_k,
    TensorType::q6_k, TensorType::iq4_nl, TensorType::iq4_xs, TensorType::mxfp4,
};

inline std::vector<std::byte> blocks_of(TensorType type, std::span<const float> values,
                                        std::uint64_t columns,
                                        std::span<const float> importance = {},
                                        Lanes lanes = Lanes::scalar) {
  std::vector<std::byte> blocks(values.size() / columns * row_bytes(type, columns));
  quantize_rows(type, {values, columns, importance, blocks}, lanes);
  return blocks;
}

inline std::vector<float> values_of(TensorType type, ByteView blocks) {
  const auto block = block_of(type);
  std::vector<float> values(blocks.size() / block.block_bytes * block.block_elements);
  dequantize_rows(type, blocks, values);
  return values;
}

inline const test::GgmlTypeDigests& ggml_digests_of(TensorType type) {
  const auto found = std::ranges::find(test::ggml_digests, static_cast<std::uint32_t>(type),
                                       &test::GgmlTypeDigests::type);
  REQUIRE(found != test::ggml_digests.end());
  return *found;
}

/// What the digests of ggml are compared with: the first `rows` rows of the sample, in parts.
struct SampleDigests {
  std::string plain;
  std::string weighted;
  std::string values;
};
inline SampleDigests sample_digests(TensorType type, std::uint64_t rows, Lanes lanes) {
  constexpr std::uint64_t rows_at_once = 256;
  const auto importance = sample_importance();
  Sha256 plain;
  Sha256 weighted;
  Sha256 values;
  for (std::uint64_t first = 0; first < rows; first += rows_at_once) {
    const auto sample = sample_rows(first, std::min(rows_at_once, rows - first));
    const auto blocks = blocks_of(type, sample, sample_columns, {}, lanes);
    plain.update(blocks);
    const auto back = values_of(type, blocks);
    values.update(std::as_bytes(std::span(back)));
    if (!ggml_digests_of(type).rows_short.weighted.empty())
      weighted.update(blocks_of(type, sample, sample_columns, importance, lanes));
  }
  return {plain.finish().hex(), weighted.finish().hex(), values.finish().hex()};
}

inline void check_digests(TensorType type, const test::GgmlDigests& expected, std::uint64_t rows,
                          Lanes lanes) {
  const auto ours = sample_digests(type, rows, lanes);
  CAPTURE(block_of(type).name, rows);
  CHECK(ours.plain == expected.plain);
  CHECK(ours.values == expected.values);
  if (!expected.weighted.empty()) CHECK(ours.weighted == expected.weighted);
}

/// Our blocks of 256 Ki elements, with and without an imatrix, and what is read back from them, are
/// the bytes that real ggml gives.
inline void check_as_ggml(TensorType type) {
  check_digests(type, ggml_digests_of(type).rows_short, test::ggml_rows_short, Lanes::scalar);
}

}  // namespace waag::convert::testing
