#include "convert/source/layout/assembly.h"
#include "convert/source/layout/word_matrix.h"

// GPTQ: x = scale * (q - zero), of a weight out x in.
//
//   qweight  I32 [in / pack, out]: bits j of a word are row pack * r + j of the transposed weight
//   qzeros   I32 [groups, out / pack]: along out
//   scales   F16 [groups, out]
//   g_idx    I32 [in], optional: the group of each input; else they follow each other
//
// Source: FORMATS 5.2. Version 1 stores each zero less one, subtracted from whole words: with
// borrows, so that adding it to whole words is what undoes it.

namespace waag::convert {
namespace {

constexpr std::uint64_t word_bits = 32;

class GptqRows : public RowReader {
 public:
  WordMatrix codes;
  WordMatrix zeros;
  GroupScales scales;
  const StoredTensor* g_idx = nullptr;  // of the model's StoredTensors, which outlive this
  std::uint64_t bits = 4;
  bool zeros_less_one = false;

  [[nodiscard]] std::uint64_t pack() const { return word_bits / bits; }

  Status read(std::uint64_t first_row, std::uint64_t count,
              std::span<float> values) const override {
    if (count == 0) return ok();
    const auto columns = codes.rows() * pack();
    WAAG_TRY(const auto group_of, read_groups(g_idx, columns, scales.groups));
    WAAG_TRY(const auto scale, scales.read(first_row, count));
    WAAG_TRY(const auto zero, read_zeros(first_row, count));
    std::vector<std::uint32_t> words(count);
    const std::uint32_t mask = (1u << bits) - 1;
    for (std::uint64_t r = 0; r < codes.rows(); ++r) {
      WAAG_CHECK(codes.read(r, first_row, words));
      for (std::uint64_t row = 0; row < count; ++row) {
        const auto out = values.subspan(row * columns + r * pack(), pack());
        for (std::uint64_t j = 0; j < out.size(); ++j) {
          const auto at = group_of[r * pack() + j] * count + row;
          const auto code = words[row] >> (j * bits) & mask;
          out[j] = scale[at] * static_cast<float>(static_cast<std::int32_t>(code) - zero[at]);
        }
      }
    }
    return ok();
  }

 private:
  /// Of outputs [first, first + count): groups x count.
  [[nodiscard]] Result<std::vector<std::int32_t>> read_zeros(std::uint64_t first,
                                                             std::uint64_t count) const {
    const auto first_word = first / pack();
    std::vector<std::uint32_t> words((first + count - 1) / pack() - first_word + 1);
    std::vector<std::int32_t> out(scales.groups * count);
    const std::uint32_t ones = bits == 4 ? 0x11111111u : 0x01010101u;
    for (std::uint64_t group = 0; group < scales.groups; ++group) {
      WAAG_CHECK(zeros.read(group, first_word, words));
      for (std::uint64_t i = 0; i < count; ++i) {
        const auto word = words[(first + i) / pack() - first_word] + (zeros_less_one ? ones : 0u);
        const auto shift = (first + i) % pack() * bits;
        out[group * count + i] = static_cast<std::int32_t>(word >> shift & ((1u << bits) - 1));
      }
    }
    return out;
  }
};

Status add_gptq(Assembly& assembly, const std::string& module) {
  const auto& how = assembly.how();
  auto rows = std::make_shared<GptqRows>();
  rows->bits = *how.bits.begin();
  rows->zeros_less_one = how.zeros_less_one;
  WAAG_TRY(const auto* qweight, assembly.part(module, ".qweight"));
  WAAG_TRY(const auto* qzeros, assembly.part(module, ".qzeros"));
  WAAG_TRY(const auto* scales, assembly.part(module, ".scales"));
  WAAG_TRY(rows->codes, WordMatrix::of(*qweight));
  WAAG_TRY(rows->zeros, WordMatrix::of(*qzeros));
  const auto outputs = rows->codes.columns();
  const auto inputs = rows->codes.rows() * rows->pack();
  WAAG_TRY(rows->scales, GroupScales::of(*scales, outputs));
  const auto size = how.group_size == 0 ? inputs : how.group_size;
  if (inputs == 0 || rows->scales.groups != (inputs + size - 1) / size)
    return bad_weight(scales->info.name, "has not one row for each group");
  if (rows->zeros.rows() != rows->scales.groups || rows->zeros.columns() * rows->pack() != outputs)
    return bad_weight(qzeros->info.name, "does not fit the scales");
  rows->g_idx = assembly.find(module + ".g_idx");
  if (rows->g_idx != nullptr && rows->g_idx->info.shape != std::vector{inputs})
    return bad_weight(rows->g_idx->info.name, "has not one entry for each input");
  if (rows->g_idx == nullptr && inputs % size != 0)
    return bad_weight(module, "has a partial group and no g_idx");
  for (const auto* suffix : {".qweight", ".qzeros", ".scales", ".g_idx"})
    assembly.use(module + suffix);
  SourceTensor weight{module + ".weight", {outputs, inputs}, model::Dtype::i32, "gptq"};
  return assembly.add({std::move(weight), std::move(rows)});
}

}  // namespace

Status assemble_gptq(Assembly& assembly) {
  for (const auto& [name, tensor] : assembly.stored())
    if (const auto module = module_of(name, ".qweight")) WAAG_CHECK(add_gptq(assembly, *module));
  return ok();
}

}  // namespace waag::convert
