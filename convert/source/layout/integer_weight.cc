#include <array>
#include <optional>

#include "convert/source/decode/floats_of_bytes.h"
#include "convert/source/layout/assembly.h"
#include "convert/source/layout/scale_grid.h"
#include "convert/source/layout/word_matrix.h"

// compressed-tensors' integers: x = scale * (q - zero), of a weight out x in.
//
//   int-quantized   weight I8 [out, in], weight_zero_point I8 of the scales' shape, optional
//   pack-quantized  weight_packed I32 [out, words]: element k in bits bits * (k mod pack) of word
//                   k / pack, as q + 2^(bits - 1); weight_shape I64 [2];
//                   weight_zero_point I32 [words, groups], optional: packed so along out;
//                   weight_g_idx I32 [in], optional: the group of each input
//   both            weight_scale [out, groups], [out, 1] or [1]
//
// Source: FORMATS 5.2.

namespace waag::convert {
namespace {

constexpr std::uint64_t word_bits = 32;
constexpr auto from = "compressed-tensors";

class Int8Rows : public RowReader {
 public:
  StoredTensor codes;
  ScaleGrid scales;
  std::optional<StoredTensor> zeros;  // shaped as the scales

  Status read(std::uint64_t first_row, std::uint64_t count,
              std::span<float> values) const override {
    if (count == 0) return ok();
    const auto columns = values.size() / count;
    std::vector<std::uint8_t> row_codes(columns);
    std::vector<std::uint8_t> row_zeros(scales.values_per_row());
    for (std::uint64_t row = 0; row < count; ++row) {
      WAAG_CHECK(read_codes(codes, (first_row + row) * columns, row_codes));
      const auto at = scales.grid_row(first_row + row) * row_zeros.size();
      if (zeros) WAAG_CHECK(read_codes(*zeros, at, row_zeros));
      const auto out = values.subspan(row * columns, columns);
      for (std::uint64_t column = 0; column < columns; ++column) {
        const auto zero = row_zeros[column / scales.column_extent()];
        out[column] = static_cast<float>(static_cast<std::int8_t>(row_codes[column]) -
                                         static_cast<std::int8_t>(zero));
      }
    }
    return multiply_by(scales, first_row, columns, values);
  }
};

class PackedRows : public RowReader {
 public:
  WordMatrix codes;
  ScaleGrid scales;
  std::optional<WordMatrix> zeros;
  const StoredTensor* g_idx = nullptr;  // of the model's StoredTensors, which outlive this
  std::uint64_t bits = 4;

  Status read(std::uint64_t first_row, std::uint64_t count,
              std::span<float> values) const override {
    if (count == 0) return ok();
    const auto columns = values.size() / count;
    const auto groups = scales.values_per_row();
    WAAG_TRY(const auto group_of, read_groups(g_idx, columns, groups));
    std::vector<std::uint32_t> words(codes.columns());
    std::vector<std::uint32_t> zero_words(groups);
    std::vector<float> scale(groups);
    std::vector<std::int32_t> zero(groups, 1 << (bits - 1));
    for (std::uint64_t row = 0; row < count; ++row) {
      const auto output = first_row + row;
      WAAG_CHECK(scales.read(scales.grid_row(output), scale));
      WAAG_CHECK(codes.read(output, 0, words));
      if (zeros) {
        WAAG_CHECK(zeros->read(output / pack(), 0, zero_words));
        for (std::uint64_t group = 0; group < groups; ++group)
          zero[group] = code(zero_words[group], output % pack());
      }
      const auto out = values.subspan(row * columns, columns);
      for (std::uint64_t column = 0; column < columns; ++column) {
        const auto group = group_of[column];
        const auto difference = code(words[column / pack()], column % pack()) - zero[group];
        out[column] = scale[group] * static_cast<float>(difference);
      }
    }
    return ok();
  }

 private:
  [[nodiscard]] std::uint64_t pack() const { return word_bits / bits; }
  [[nodiscard]] std::int32_t code(std::uint32_t word, std::uint64_t index) const {
    return static_cast<std::int32_t>(word >> (index * bits) & ((1u << bits) - 1));
  }
};

std::uint64_t divide_up(std::uint64_t value, std::uint64_t by) {
  return value / by + (value % by == 0 ? 0 : 1);
}

using Block = std::optional<std::pair<std::uint64_t, std::uint64_t>>;

Result<ScaleGrid> scales_of(Assembly& assembly, const std::string& module,
                            const std::vector<std::uint64_t>& shape, Block block) {
  WAAG_TRY(const auto* scale, assembly.part(module, ".weight_scale"));
  if (!is_float_type(scale->info.dtype)) return bad_weight(scale->info.name, "is no scale");
  assembly.use(scale->info.name);
  return ScaleGrid::of(shape, *scale, block);
}

/// The width of a code: the one of config.json with which the words hold the columns.
Result<std::uint64_t> bits_of(const Assembly& assembly, const StoredTensor& packed,
                              std::uint64_t columns) {
  std::vector<std::uint64_t> fitting;
  for (const std::uint64_t bits : {4u, 8u})
    if (assembly.how().bits.contains(bits) &&
        divide_up(columns, word_bits / bits) == packed.info.shape[1])
      fitting.push_back(bits);
  if (fitting.size() != 1)
    return bad_weight(packed.info.name, "fits not exactly one of the widths 4 and 8 of the config");
  return fitting.front();
}

Status add_packed(Assembly& assembly, const std::string& module) {
  auto rows = std::make_shared<PackedRows>();
  WAAG_TRY(const auto* packed, assembly.part(module, ".weight_packed"));
  WAAG_TRY(const auto* stored_shape, assembly.part(module, ".weight_shape"));
  WAAG_TRY(rows->codes, WordMatrix::of(*packed));
  if (stored_shape->elements() != 2)
    return bad_weight(stored_shape->info.name, "is not two numbers");
  std::array<std::uint32_t, 2> extents{};
  WAAG_CHECK(read_words(*stored_shape, 0, extents));
  const std::vector<std::uint64_t> shape(extents.begin(), extents.end());
  if (shape[0] != rows->codes.rows() || shape[1] == 0)
    return bad_weight(stored_shape->info.name, "does not fit weight_packed");
  WAAG_TRY(rows->bits, bits_of(assembly, *packed, shape[1]));
  WAAG_TRY(rows->scales, scales_of(assembly, module, shape, std::nullopt));
  const auto groups = rows->scales.values_per_row();
  if (const auto* zeros = assembly.find(module + ".weight_zero_point")) {
    WAAG_TRY(rows->zeros, WordMatrix::of(*zeros));
    if (rows->zeros->rows() != divide_up(shape[0], word_bits / rows->bits) ||
        rows->zeros->columns() != groups)
      return bad_weight(zeros->info.name, "does not fit the scales");
  }
  rows->g_idx = assembly.find(module + ".weight_g_idx");
  if (rows->g_idx != nullptr && rows->g_idx->info.shape != std::vector{shape[1]})
    return bad_weight(rows->g_idx->info.name, "has not one entry for each input");
  for (const auto* suffix :
       {".weight_packed", ".weight_shape", ".weight_zero_point", ".weight_g_idx"})
    assembly.use(module + suffix);
  SourceTensor weight{module + ".weight", shape, model::Dtype::i32, from};
  return assembly.add({std::move(weight), std::move(rows)});
}

Status add_int8(Assembly& assembly, const std::string& module) {
  auto rows = std::make_shared<Int8Rows>();
  WAAG_TRY(const auto* codes, assembly.part(module, ".weight"));
  rows->codes = *codes;
  WAAG_TRY(rows->scales, scales_of(assembly, module, codes->info.shape, assembly.how().block));
  WAAG_TRY(const auto* scale, assembly.part(module, ".weight_scale"));
  if (const auto* zeros = assembly.find(module + ".weight_zero_point")) {
    if (zeros->info.dtype != model::Dtype::i8 || zeros->info.shape != scale->info.shape ||
        !zeros->strides.empty())
      return bad_weight(zeros->info.name, "does not fit the scales");
    rows->zeros = *zeros;
    assembly.use(zeros->info.name);
  }
  assembly.use(codes->info.name);
  SourceTensor weight{module + ".weight", codes->info.shape, model::Dtype::i8, from};
  return assembly.add({std::move(weight), std::move(rows)});
}

}  // namespace

Status assemble_integers(Assembly& assembly) {
  for (const auto& [name, tensor] : assembly.stored()) {
    const auto packed = module_of(name, ".weight_packed");
    if (packed && tensor.info.dtype == model::Dtype::i32) WAAG_CHECK(add_packed(assembly, *packed));
    const auto plain = module_of(name, ".weight");
    if (plain && tensor.info.dtype == model::Dtype::i8) WAAG_CHECK(add_int8(assembly, *plain));
  }
  return ok();
}

}  // namespace waag::convert
