#include <algorithm>

#include "convert/source/decode/floats_of_bytes.h"
#include "convert/source/layout/row_reader.h"
#include "protocol/model/safetensors_header.h"

namespace waag::convert {
namespace {

/// Bytes of a tensor with strides that are read at once.
constexpr std::uint64_t window_bytes = 1 << 20;

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

/// A view that is not row-major: a transposed one, a slice. Its bytes pass through a window that
/// moves to wherever the next element is.
class StridedRows : public RowReader {
 public:
  explicit StridedRows(const StoredTensor& stored) : flat_(stored), strides_(stored.strides) {
    width_ = model::bits_per_element(flat_.info.dtype) / 8;
    shape_ = flat_.info.shape;
    flat_.strides.clear();
    flat_.info.shape = {(flat_.info.end - flat_.info.begin) / width_};
  }

  Status read(std::uint64_t first_row, std::uint64_t count,
              std::span<float> values) const override {
    if (count == 0) return ok();
    const auto columns = shape_.back();
    const auto stride = strides_.back();
    const auto transposed = shape_.size() == 2 && strides_[0] == 1;
    std::vector<float> window;
    std::uint64_t begin = 0;  // of the window
    const auto element = [&](std::uint64_t at) -> Result<float> {
      if (at < begin || at >= begin + window.size()) {
        begin = at;
        window.resize(std::min(window_bytes / width_, flat_.info.shape[0] - at));
        if (transposed) window.resize(std::min<std::uint64_t>(window.size(), count));
        WAAG_CHECK(read_floats(flat_, begin, window));
      }
      return window[at - begin];
    };
    // In the order in which a transposed view is stored, columns are the outer loop.
    for (std::uint64_t i = 0; i < count * columns; ++i) {
      const auto row = transposed ? i % count : i / columns;
      const auto column = transposed ? i / count : i % columns;
      WAAG_TRY(values[row * columns + column],
               element(row_begin(first_row + row) + column * stride));
    }
    return ok();
  }

 private:
  [[nodiscard]] std::uint64_t row_begin(std::uint64_t row) const {
    std::uint64_t at = 0;
    for (std::size_t i = shape_.size() - 1; i-- > 0;) {
      at += row % shape_[i] * strides_[i];
      row /= shape_[i];
    }
    return at;
  }

  StoredTensor flat_;  // all the view spans, as a vector
  std::vector<std::uint64_t> shape_;
  std::vector<std::uint64_t> strides_;
  std::uint64_t width_ = 1;
};

}  // namespace

Result<Weight> plain_weight(const StoredTensor& stored) {
  SourceTensor tensor{stored.info.name, stored.info.shape, stored.info.dtype, {}};
  if (stored.strides.empty()) return Weight{std::move(tensor), std::make_shared<PlainRows>(stored)};
  return Weight{std::move(tensor), std::make_shared<StridedRows>(stored)};
}

}  // namespace waag::convert
