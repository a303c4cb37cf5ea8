#include <algorithm>

#include "convert/source/decode/floats_of_bytes.h"
#include "convert/source/layout/row_reader.h"
#include "protocol/model/safetensors_header.h"

namespace waag::convert {
namespace {

class PlainRows : public RowReader {
 public:
  explicit PlainRows(const StoredTensor& stored) : stored_(stored) {}

  Status read(std::uint64_t first_row, std::uint64_t count,
              std::span<float> values) const override {
    const auto columns = count == 0 ? 0 : values.size() / count;
    return read_floats(stored_, first_row * columns, values);
  }

 private:
  StoredTensor stored_;
};

}  // namespace

Result<Weight> plain_weight(const StoredTensor& stored) {
  SourceTensor tensor{stored.info.name, stored.info.shape, stored.info.dtype, {}};
  return Weight{std::move(tensor), std::make_shared<PlainRows>(stored)};
}

}  // namespace waag::convert
