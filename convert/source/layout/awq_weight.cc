#include <array>

#include "convert/source/layout/assembly.h"
#include "convert/source/layout/word_matrix.h"

// AWQ, the packing called gemm: x = scale * (q - zero), of a weight out x in, 4 bits.
//
//   qweight  I32 [in, out / 8]: nibble n of word c is output 8c + order[n]
//   qzeros   I32 [groups, out / 8]: likewise
//   scales   F16 [groups, out]
//
// Source: FORMATS 5.2.

namespace waag::convert {
namespace {

constexpr std::uint64_t pack = 8;
/// Where in its word output 8c + i stands, in bits: the inverse of the order 0 2 4 6 1 3 5 7.
constexpr std::array<std::uint32_t, pack> shift_of{0, 16, 4, 20, 8, 24, 12, 28};

class AwqRows : public RowReader {
 public:
  WordMatrix codes;
  WordMatrix zeros;
  GroupScales scales;

  Status read(std::uint64_t first_row, std::uint64_t count,
              std::span<float> values) const override {
    if (count == 0) return ok();
    const auto columns = codes.rows();
    const auto group_size = columns / scales.groups;
    WAAG_TRY(const auto scale, scales.read(first_row, count));
    const auto first_word = first_row / pack;
    std::vector<std::uint32_t> words((first_row + count - 1) / pack - first_word + 1);
    std::vector<std::int32_t> zero(count);
    for (std::uint64_t column = 0; column < columns; ++column) {
      const auto group = column / group_size;
      if (column % group_size == 0) {
        WAAG_CHECK(zeros.read(group, first_word, words));
        for (std::uint64_t row = 0; row < count; ++row) zero[row] = nibble(words, first_row, row);
      }
      WAAG_CHECK(codes.read(column, first_word, words));
      for (std::uint64_t row = 0; row < count; ++row) {
        const auto difference = nibble(words, first_row, row) - zero[row];
        values[row * columns + column] =
            scale[group * count + row] * static_cast<float>(difference);
      }
    }
    return ok();
  }

 private:
  /// Of output first + row, where `words` begin with the word that holds output `first`.
  static std::int32_t nibble(std::span<const std::uint32_t> words, std::uint64_t first,
                             std::uint64_t row) {
    const auto output = first % pack + row;
    return static_cast<std::int32_t>(words[output / pack] >> shift_of[output % pack] & 0xfu);
  }
};

Status add_awq(Assembly& assembly, const std::string& module) {
  auto rows = std::make_shared<AwqRows>();
  WAAG_TRY(const auto* qweight, assembly.part(module, ".qweight"));
  WAAG_TRY(const auto* qzeros, assembly.part(module, ".qzeros"));
  WAAG_TRY(const auto* scales, assembly.part(module, ".scales"));
  WAAG_TRY(rows->codes, WordMatrix::of(*qweight));
  WAAG_TRY(rows->zeros, WordMatrix::of(*qzeros));
  const auto inputs = rows->codes.rows();
  std::uint64_t outputs = 0;
  if (__builtin_mul_overflow(rows->codes.columns(), pack, &outputs))
    return bad_weight(qweight->info.name, "is too large");
  WAAG_TRY(rows->scales, GroupScales::of(*scales, outputs));
  const auto group_size = assembly.how().group_size == 0 ? inputs : assembly.how().group_size;
  if (inputs == 0 || inputs % group_size != 0 || rows->scales.groups != inputs / group_size)
    return bad_weight(scales->info.name, "has not one row for each group");
  if (rows->zeros.rows() != rows->scales.groups || rows->zeros.columns() != rows->codes.columns())
    return bad_weight(qzeros->info.name, "does not fit the scales");
  for (const auto* suffix : {".qweight", ".qzeros", ".scales"}) assembly.use(module + suffix);
  SourceTensor weight{module + ".weight", {outputs, inputs}, model::Dtype::i32, "awq"};
  return assembly.add({std::move(weight), std::move(rows)});
}

}  // namespace

Status assemble_awq(Assembly& assembly) {
  for (const auto& [name, tensor] : assembly.stored())
    if (const auto module = module_of(name, ".qweight")) WAAG_CHECK(add_awq(assembly, *module));
  return ok();
}

}  // namespace waag::convert
