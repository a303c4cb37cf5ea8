#pragma once

#include "convert/forward/weights/model_weights.h"
#include "convert/forward/weights/named_rows.h"

namespace waag::convert {

/// The weights of a model folder, decoded from whatever type they have there.
class SourceModelWeights : public ModelWeights {
 public:
  /// @param source  must outlive this
  SourceModelWeights(const SourceModel& source, const Dimensions& dimensions)
      : source_(source), names_(source, dimensions) {}

  [[nodiscard]] std::optional<std::vector<std::uint64_t>> shape(
      std::string_view name) const override {
    return names_.shape(name);
  }
  Status read(std::string_view name, std::uint64_t first_row,
              std::span<float> values) const override;

 private:
  const SourceModel& source_;
  RowNames names_;
};

}  // namespace waag::convert
