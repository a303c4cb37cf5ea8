#include "convert/quant/kernels.h"

#include <cmath>
#include <cstring>

#include "tests/convert/quant/golden.h"

namespace waag::convert::testing {
namespace {

constexpr std::uint64_t rows = 2;

std::vector<Lanes> widths_here() {
  std::vector<Lanes> out;
  for (const auto width : {Lanes::avx2, Lanes::avx512})
    if (width <= best_lanes()) out.push_back(width);
  return out;
}

/// Every BF16 that is a number, the largest and the subnormal ones too: sums become Inf and NaN.
float any_bfloat(std::uint64_t index, std::uint64_t word) {
  const auto code = static_cast<std::uint32_t>(index % 512 < 256 ? index : word) & 0xffff;
  return std::bit_cast<float>((code & 0x7f80) == 0x7f80 ? 0x3f800000u : code << 16);
}

/// A large constant with little around it: what is rounded leaves the range of rn and wraps there.
float offset(std::uint64_t index, std::uint64_t word) {
  const float constant = (index / 256) % 2 == 0 ? 3000.0f : -100.0f;
  return constant + static_cast<float>(word % 8) * 1e-4f;
}

/// Few values, so that candidates tie.
float coarse(std::uint64_t, std::uint64_t word) {
  return static_cast<float>(word % 5) * 0.25f - 0.5f;
}

float normal(std::uint64_t, std::uint64_t word) { return bell(word); }
float heavy_tailed(std::uint64_t, std::uint64_t word) {
  const float tail = bell(word * 31);
  return bell(word) * tail * tail * tail;
}
float sampled(std::uint64_t index, std::uint64_t) { return sample_element(index); }

struct Kind {
  const char* name;
  float (*element)(std::uint64_t index, std::uint64_t word);
};
constexpr std::array kinds{
    Kind{"normal", normal},       Kind{"heavy tails", heavy_tailed},
    Kind{"any BF16", any_bfloat}, Kind{"offset", offset},
    Kind{"coarse", coarse},       Kind{"the sample", sampled},
};

std::vector<float> elements_of(const Kind& kind, std::uint64_t first, std::uint64_t count) {
  std::vector<float> out(count);
  for (std::uint64_t i = 0; i < count; ++i)
    out[i] = kind.element(first + i, sample_word(elements, first + i));
  return out;
}

/// Positive, one in eight zero.
std::vector<float> importance_of(std::uint64_t columns) {
  std::vector<float> out(columns);
  for (std::uint64_t i = 0; i < columns; ++i) {
    const std::uint64_t word = sample_word(weights, i);
    out[i] = word % 8 == 0 ? 0.0f : std::ldexp(1.0f + std::fabs(bell(word)), word % 16) * 0x1p-8f;
  }
  return out;
}

/// Rows of one block, of an odd number of them, of less and more than the lanes take at once.
std::vector<std::uint64_t> column_counts(TensorType type) {
  const std::uint64_t block = block_of(type).block_elements;
  std::vector<std::uint64_t> out{block, 3 * block, 4096 + block, 5120};
  for (const std::uint64_t columns : {768u, 896u})
    if (columns % block == 0) out.push_back(columns);
  return out;
}

/// Whether each width gives the blocks of the reference.
void check_blocks(TensorType type, std::span<const float> values, std::uint64_t columns,
                  std::span<const float> importance) {
  const auto expected = blocks_of(type, values, columns, importance, Lanes::scalar);
  for (const auto lanes : widths_here()) {
    const auto ours = blocks_of(type, values, columns, importance, lanes);
    const auto differ = std::ranges::mismatch(expected, ours);
    CAPTURE(static_cast<int>(lanes), differ.in1 - expected.begin());
    CHECK(differ.in1 == expected.end());
  }
}

void check_type(TensorType type, const Kind& kind, std::uint64_t columns) {
  const auto values = elements_of(kind, 0, rows * columns);
  const auto importance = importance_of(columns);
  CAPTURE(block_of(type).name, kind.name, columns);
  check_blocks(type, values, columns, {});
  check_blocks(type, values, columns, importance);
}

}  // namespace

TEST_CASE("kernels: each width has one of its own for each quantized type",
          "[convert][quant][lanes]") {
  for (const auto lanes : widths_here())
    for (const auto type : all_types) {
      CAPTURE(block_of(type).name, static_cast<int>(lanes));
      const bool own = row_kernel(type, lanes) != row_kernel(type, Lanes::scalar);
      CHECK(own == (type != TensorType::f32));
    }
}

TEST_CASE("kernels: each width gives the bits of the reference", "[convert][quant][lanes]") {
  for (const auto type : all_types)
    for (const auto columns : column_counts(type))
      for (const auto& kind : kinds) check_type(type, kind, columns);
}

TEST_CASE("kernels: each width gives the bits of real ggml", "[convert][quant][lanes]") {
  for (const auto lanes : widths_here())
    for (const auto type : all_types)
      check_digests(type, ggml_digests_of(type).rows_short, test::ggml_rows_short, lanes);
}

TEST_CASE("kernels: a row may begin and its blocks may lie anywhere", "[convert][quant][lanes]") {
  for (const auto lanes : widths_here())
    for (const auto type : all_types) {
      constexpr std::uint64_t columns = 2048;
      const auto values = elements_of(kinds[0], 0, columns + 1);
      const std::span<const float> odd(values.data() + 1, columns);
      const std::uint64_t bytes = row_bytes(type, columns);
      std::vector<std::byte> room(bytes + 2, std::byte{0xa5});
      quantize_rows(type, {odd, columns, {}, std::span(room).subspan(1, bytes)}, lanes);
      const auto expected = blocks_of(type, odd, columns);
      CAPTURE(block_of(type).name, static_cast<int>(lanes));
      CHECK(std::memcmp(room.data() + 1, expected.data(), bytes) == 0);
      CHECK(room.front() == std::byte{0xa5});
      CHECK(room.back() == std::byte{0xa5});
    }
}

TEST_CASE("kernels: a hundred million elements of each type", "[convert][quant][lanes][.long]") {
  constexpr std::uint64_t columns = 4096, part = 64 * columns, elements_a_type = 100'000'000;
  for (const auto type : all_types)
    for (std::uint64_t done = 0; done < elements_a_type; done += part) {
      const std::uint64_t number = done / part;
      const auto& kind = kinds[number % kinds.size()];
      const auto importance = importance_of(number % 4 == 3 ? columns : 0);
      CAPTURE(block_of(type).name, kind.name, done);
      check_blocks(type, elements_of(kind, done, part), columns, importance);
    }
}

}  // namespace waag::convert::testing
