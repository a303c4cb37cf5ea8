#include "convert/quant/quantize.h"

#include <cmath>

#include "convert/quant/kernels.h"
#include "convert/quant/reference/layout.h"
#include "tests/convert/quant/golden.h"

namespace waag::convert::testing {
namespace {

std::vector<float> bell_values(std::uint64_t seed, std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = bell(sample_word(seed, i));
  return values;
}

std::vector<std::byte> joined(const std::vector<std::byte>& a, const std::vector<std::byte>& b) {
  auto out = a;
  out.insert(out.end(), b.begin(), b.end());
  return out;
}

/// Signal to noise in dB of what comes back.
double quality_of(TensorType type, std::span<const float> values,
                  std::span<const float> importance) {
  const auto back = values_of(type, blocks_of(type, values, sample_columns, importance));
  double signal = 0;
  double noise = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    signal += static_cast<double>(values[i]) * values[i];
    noise += std::pow(static_cast<double>(values[i]) - back[i], 2);
  }
  return 10 * std::log10(signal / noise);
}

}  // namespace

TEST_CASE("quantize: swapped rows give swapped blocks, however they are cut into calls",
          "[convert][quant]") {
  const auto values = sample_rows(0, 2);
  const std::span first(values.data(), sample_columns);
  const std::span second(values.data() + sample_columns, sample_columns);
  std::vector<float> swapped(second.begin(), second.end());
  swapped.insert(swapped.end(), first.begin(), first.end());
  const auto weights = sample_importance();
  for (const auto type : all_types) {
    for (const bool weighted : {false, true}) {
      CAPTURE(block_of(type).name, weighted);
      const auto importance = weighted ? std::span(weights) : std::span<const float>();
      const auto a = blocks_of(type, first, sample_columns, importance);
      const auto b = blocks_of(type, second, sample_columns, importance);
      CHECK(a != b);
      CHECK(blocks_of(type, values, sample_columns, importance) == joined(a, b));
      CHECK(blocks_of(type, swapped, sample_columns, importance) == joined(b, a));
    }
  }
}

TEST_CASE("quantize: eight times the values have the same levels and eight times the scale",
          "[convert][quant]") {
  auto values = bell_values(11, 16 * sample_columns);
  for (float& value : values) value *= 64;  // keeps every scale a normal F16
  auto larger = values;
  for (float& value : larger) value *= 8;
  const auto weights = sample_importance();
  for (const auto type : all_types) {
    for (const bool weighted : {false, true}) {
      CAPTURE(block_of(type).name, weighted);
      const auto importance = weighted ? std::span(weights) : std::span<const float>();
      const auto blocks = blocks_of(type, values, sample_columns, importance);
      const auto large_blocks = blocks_of(type, larger, sample_columns, importance);
      REQUIRE(blocks != large_blocks);
      auto back = values_of(type, blocks);
      for (float& value : back) value *= 8;
      REQUIRE(values_of(type, large_blocks) == back);
    }
  }
}

TEST_CASE("quantize: Q8_0 of what Q8_0 gave back moves no level by more than one",
          "[convert][quant]") {
  const auto values = sample_rows(0, 64);
  const auto once = blocks_of(TensorType::q8_0, values, sample_columns);
  const auto again = blocks_of(TensorType::q8_0, values_of(TensorType::q8_0, once), sample_columns);
  constexpr std::size_t block_bytes = 34;
  constexpr float least_normal = 0x1p-14f;  // below it F16 rounds the scale too coarsely
  for (std::size_t at = 0; at < once.size(); at += block_bytes) {
    if (reference::load_half(once.data() + at) < least_normal) continue;
    for (std::size_t i = at + 2; i < at + block_bytes; ++i) {
      CAPTURE(i);
      REQUIRE(std::abs(reference::as_signed(once[i]) - reference::as_signed(again[i])) <= 1);
    }
  }
}

TEST_CASE("quantize: what comes back is as near as the bits allow", "[convert][quant]") {
  struct Expected {
    TensorType type;
    double quality_db;
  };
  constexpr std::array expected{
      Expected{TensorType::f16, 73},     Expected{TensorType::bf16, 55},
      Expected{TensorType::q8_0, 45},    Expected{TensorType::q6_k, 35},
      Expected{TensorType::q5_k, 28.5},  Expected{TensorType::q5_1, 28},
      Expected{TensorType::q5_0, 27},    Expected{TensorType::q4_k, 22.5},
      Expected{TensorType::q4_1, 22},    Expected{TensorType::q4_0, 21},
      Expected{TensorType::iq4_xs, 22},  Expected{TensorType::iq4_nl, 22},
      Expected{TensorType::mxfp4, 18.5}, Expected{TensorType::q3_k, 16},
      Expected{TensorType::q2_k, 10},
  };
  const auto values = bell_values(12, 64 * sample_columns);
  for (const auto& [type, quality_db] : expected) {
    CAPTURE(block_of(type).name);
    const double quality = quality_of(type, values, {});
    CHECK(quality > quality_db);
    CHECK(quality < quality_db + 2);
  }
}

TEST_CASE("quantize: an imatrix moves error from heavy columns to light ones", "[convert][quant]") {
  const auto values = bell_values(13, 64 * sample_columns);
  std::vector<float> weights(sample_columns, 0.01f);
  for (std::size_t i = 0; i < weights.size(); i += 4) weights[i] = 10;
  const auto heavy_error = [&](TensorType type, std::span<const float> importance) {
    const auto back = values_of(type, blocks_of(type, values, sample_columns, importance));
    double error = 0;
    for (std::size_t i = 0; i < values.size(); i += 4)
      error += std::pow(static_cast<double>(values[i]) - back[i], 2);
    return error;
  };
  for (const auto type : all_types) {
    if (ggml_digests_of(type).rows_short.weighted.empty()) {
      CHECK(blocks_of(type, values, sample_columns, weights) ==
            blocks_of(type, values, sample_columns));
      continue;
    }
    CAPTURE(block_of(type).name);
    CHECK(heavy_error(type, weights) < 0.9 * heavy_error(type, {}));
  }
}

TEST_CASE("quantize: every width gives the bits of the scalar reference", "[convert][quant]") {
  const auto values = sample_rows(0, 32);
  const auto weights = sample_importance();
  for (const auto type : all_types) {
    CAPTURE(block_of(type).name);
    REQUIRE(row_kernel(type, best_lanes()) != nullptr);
    CHECK(blocks_of(type, values, sample_columns, {}, best_lanes()) ==
          blocks_of(type, values, sample_columns));
    CHECK(blocks_of(type, values, sample_columns, weights, best_lanes()) ==
          blocks_of(type, values, sample_columns, weights));
  }
}

TEST_CASE("quantize: no rows, no blocks", "[convert][quant]") {
  std::vector<std::byte> untouched(4, std::byte{7});
  quantize_rows(TensorType::q4_k, {{}, 256, {}, std::span(untouched).first(0)}, Lanes::scalar);
  CHECK(untouched == std::vector<std::byte>(4, std::byte{7}));
}

// 100 M elements a type: minutes, so hidden here; `make reliability` runs it.
TEST_CASE("quantize: 100 M elements of every type are the bytes of real ggml",
          "[.long][convert][quant]") {
  const auto type = GENERATE(from_range(all_types.begin(), all_types.end()));
  check_digests(type, ggml_digests_of(type).rows_long, test::ggml_rows_long, best_lanes());
}

}  // namespace waag::convert::testing
