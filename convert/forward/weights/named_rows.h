#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "convert/arch/architecture.h"
#include "convert/source/source_model.h"

namespace waag::convert {

/// Where the values of a name stand in a source.
struct NamedRows {
  const SourceTensor* tensor = nullptr;
  std::uint64_t first_row = 0;       // of the tensor seen as rows() x columns()
  std::vector<std::uint64_t> shape;  // of the values of this name
};

/// Every tensor of a source; of experts that are fused into one, each apart.
class RowNames {
 public:
  /// @param source  must outlive this
  RowNames(const SourceModel& source, const Dimensions& dimensions);

  [[nodiscard]] std::optional<std::vector<std::uint64_t>> shape(std::string_view name) const;
  /// Where rows first_row.. of a name are; `values` of them are wanted.
  /// @param first_row  of the name's; becomes that of the tensor
  /// @return Errc::not_found, Errc::invalid_argument
  Result<const SourceTensor*> find(std::string_view name, std::uint64_t& first_row,
                                   std::size_t values) const;

 private:
  std::map<std::string, NamedRows, std::less<>> names_;
};

}  // namespace waag::convert
