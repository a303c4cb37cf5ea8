#include "convert/source/layout/word_matrix.h"

#include "convert/source/decode/floats_of_bytes.h"
#include "convert/source/layout/row_reader.h"

namespace waag::convert {

Result<WordMatrix> WordMatrix::of(const StoredTensor& stored) {
  const auto& info = stored.info;
  if (info.dtype != model::Dtype::i32 || info.shape.size() != 2 || !stored.strides.empty())
    return bad_weight(info.name, "is no matrix of I32 without gaps");
  WordMatrix matrix;
  matrix.stored_ = stored;
  return matrix;
}

Status WordMatrix::read(std::uint64_t row, std::uint64_t first_column,
                        std::span<std::uint32_t> words) const {
  return read_words(stored_, row * columns() + first_column, words);
}

Result<GroupScales> GroupScales::of(const StoredTensor& stored, std::uint64_t outputs) {
  const auto& info = stored.info;
  if (!is_float_type(info.dtype) || !stored.strides.empty() || info.shape.size() != 2 ||
      info.shape[0] == 0 || info.shape[1] != outputs)
    return bad_weight(info.name, "is no matrix of scales, groups x " + std::to_string(outputs));
  return GroupScales{stored, info.shape[0]};
}

Result<std::vector<float>> GroupScales::read(std::uint64_t first, std::uint64_t count) const {
  std::vector<float> values(groups * count);
  for (std::uint64_t group = 0; group < groups; ++group)
    WAAG_CHECK(read_floats(stored, group * stored.info.shape[1] + first,
                           std::span(values).subspan(group * count, count)));
  return values;
}

}  // namespace waag::convert
