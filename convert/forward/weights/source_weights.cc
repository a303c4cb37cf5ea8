#include "convert/forward/weights/source_weights.h"

namespace waag::convert {

Status SourceModelWeights::read(std::string_view name, std::uint64_t first_row,
                                std::span<float> values) const {
  WAAG_TRY(const auto* tensor, names_.find(name, first_row, values.size()));
  return source_.read_rows(*tensor, first_row, values.size() / tensor->columns(), values);
}

}  // namespace waag::convert
