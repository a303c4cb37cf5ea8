#pragma once

#include <memory>
#include <span>

#include "convert/source/source_model.h"
#include "convert/source/stored_tensor.h"

namespace waag::convert {

/// How the rows of one weight come out of the tensors it is stored in. Thread-safe.
class RowReader {
 public:
  virtual ~RowReader() = default;
  /// Rows [first_row, first_row + count), which the weight has.
  /// @param values  count x columns
  virtual Status read(std::uint64_t first_row, std::uint64_t count,
                      std::span<float> values) const = 0;
};

/// A weight under its plain name, and its rows.
struct Weight {
  SourceTensor tensor;
  std::shared_ptr<const RowReader> rows;
};

/// A refusal that names the weight.
inline Error bad_weight(const std::string& name, const std::string& what) {
  return fail(Errc::unprocessable, name + ": " + what);
}

/// A tensor that is stored as its values are, with strides or without. One whose type is not of
/// weights (BOOL, I64, ...) is there too; reading its rows is refused.
Result<Weight> plain_weight(const StoredTensor& stored);

}  // namespace waag::convert
