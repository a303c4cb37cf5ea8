#include "convert/device/prove.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "convert/quant/linear/quantize_linear.h"

namespace waag::convert {
namespace {

constexpr std::array block_types{
    TensorType::f32,  TensorType::f16,    TensorType::bf16,   TensorType::q8_0,
    TensorType::q4_0, TensorType::q4_1,   TensorType::q5_0,   TensorType::q5_1,
    TensorType::q2_k, TensorType::q3_k,   TensorType::q4_k,   TensorType::q5_k,
    TensorType::q6_k, TensorType::iq4_nl, TensorType::iq4_xs, TensorType::mxfp4,
};
constexpr std::array formats{LinearFormat::fp8_dynamic, LinearFormat::fp8_block, LinearFormat::int8,
                             LinearFormat::w4a16, LinearFormat::nvfp4};
constexpr std::array scale_dtypes{model::Dtype::f32, model::Dtype::f16, model::Dtype::bf16};

constexpr std::uint64_t value_stream = 1, group_stream = 2, weight_stream = 3;

/// Word `index` of a stream: any of them without those before. Source: SplitMix64, Steele, Lea and
/// Flood, "Fast splittable pseudorandom number generators", 2014.
std::uint64_t word_at(std::uint64_t stream, std::uint64_t index) {
  std::uint64_t word = (stream << 60) + (index + 1) * 0x9E3779B97F4A7C15;
  word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9;
  word = (word ^ word >> 27) * 0x94D049BB133111EB;
  return word ^ word >> 31;
}

/// About normal: four 16-bit numbers around their mean.
float normal(std::uint64_t word) {
  const auto sum = (word & 0xffff) + (word >> 16 & 0xffff) + (word >> 32 & 0xffff) + (word >> 48);
  return static_cast<float>(static_cast<std::int64_t>(sum) - 131070) * 0x1p-16f;
}

/// Sizes over 24 powers of two, the large ones rare.
float heavy_tailed(std::uint64_t word) {
  return std::ldexp(normal(word), std::countr_zero(word >> 20 | 1ull << 24) - 16);
}

/// A few units around a power of two, where roundings tip.
float edge(std::uint64_t word) {
  const auto bits = (static_cast<std::uint32_t>(115 + (word & 15)) << 23) +
                    static_cast<std::uint32_t>(word >> 8 & 3) - 1;
  const auto value = std::bit_cast<float>(bits);
  return (word >> 63) != 0 ? -value : value;
}

/// What happens in groups of 128, so that blocks of every size see it.
float value_at(std::uint64_t index) {
  const auto word = word_at(value_stream, index);
  switch (word_at(group_stream, index / 128) % 8) {
    case 0:
      return heavy_tailed(word);
    case 1:
      return edge(word);
    case 2:
      return (word & 7) == 0 ? normal(word) : 0.0f;
    case 3:
      return index % 2 == 0 ? 0.5f : -0.5f;
    case 4:
      return -std::fabs(normal(word));
    case 5:
      return index / 128 % 2 == 0 ? -0.0f
                                  : std::bit_cast<float>(static_cast<std::uint32_t>(word) &
                                                         0x807fffffu);  // subnormal
    default:
      return normal(word);
  }
}

/// Some are zero; one run of columns in eight has subnormal ones, which a device may flush.
std::vector<float> importance_of_columns() {
  std::vector<float> weights(proof_columns);
  for (std::uint64_t i = 0; i < weights.size(); ++i) {
    const auto word = word_at(weight_stream, i);
    const int exponent = i / 128 % 8 == 5 ? -152 : -20;
    weights[i] = word >> 60 == 0 ? 0.0f : std::ldexp(static_cast<float>(word & 0xffffff), exponent);
  }
  return weights;
}

std::uint64_t bytes_of(const LinearPart& part, std::uint64_t rows) {
  return (rows + part.rows_per_unit - 1) / part.rows_per_unit * part.unit_bytes;
}

TileWork format_work(LinearFormat format, std::uint64_t rows, model::Dtype scale_dtype) {
  TileWork work{.target = format, .rows = rows, .columns = proof_columns, .importance = {}};
  work.scale_dtype = scale_dtype;
  work.global_scale = nvfp4_global_scale(200);
  const auto parts = linear_parts(format, {.rows = rows, .columns = proof_columns}, scale_dtype);
  if (!parts) return work;  // sizes that fit every format
  work.code_bytes = bytes_of((*parts)[0], rows);
  work.scale_bytes = bytes_of((*parts)[1], rows);
  return work;
}

Status prove_one(TileDevice& device, unsigned slot, const TileWork& work,
                 std::span<const float> sample) {
  WAAG_TRY(const auto memory, device.memory(slot, work));
  std::ranges::copy(sample, memory.values.begin());
  std::ranges::fill(memory.out, std::byte{0xa5});
  WAAG_CHECK(device.submit(slot, work));
  Bytes expected(work.out_bytes());
  std::vector<float> values(sample.begin(), sample.end());
  quantize_tile(work, {.values = values, .out = expected});
  WAAG_CHECK(device.wait(slot));
  const auto differ = std::ranges::mismatch(expected, memory.out);
  if (differ.in1 == expected.end()) return ok();
  return fail(Errc::corrupt, device.name() + " gave other bits than the CPU for " + name_of(work) +
                                 ", at byte " + std::to_string(differ.in1 - expected.begin()) +
                                 " of " + std::to_string(expected.size()));
}

}  // namespace

std::vector<TileWork> all_tile_work(std::uint64_t rows, std::span<const float> importance) {
  std::vector<TileWork> all;
  for (const auto type : block_types) {
    all.push_back(block_work(type, rows, proof_columns, {}));
    all.push_back(block_work(type, rows, proof_columns, importance));
  }
  for (const auto format : formats)
    for (const auto dtype : scale_dtypes) all.push_back(format_work(format, rows, dtype));
  return all;
}

Status prove(TileDevice& device, std::uint64_t elements) {
  const auto rows = std::max<std::uint64_t>(1, elements / proof_columns);
  std::vector<float> sample(rows * proof_columns);
  for (std::uint64_t i = 0; i < sample.size(); ++i) sample[i] = value_at(i);
  const auto importance = importance_of_columns();
  unsigned slot = 0;
  for (const auto& work : all_tile_work(rows, importance)) {
    if (!device.takes(work)) continue;
    WAAG_CHECK(prove_one(device, slot, work, sample));
    slot = (slot + 1) % device.slots();
  }
  return ok();
}

}  // namespace waag::convert
