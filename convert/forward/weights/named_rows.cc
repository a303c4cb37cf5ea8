#include "convert/forward/weights/named_rows.h"

#include "convert/source/expert_views.h"

namespace waag::convert {

RowNames::RowNames(const SourceModel& source, const Dimensions& dimensions) {
  for (const auto& [name, tensor] : source.tensors()) {
    names_[name] = {&tensor, 0, tensor.shape};
    for (auto& view : expert_views(tensor, dimensions.hidden, dimensions.expert_feed))
      names_[view.tensor.name] = {&tensor, view.first_row, view.tensor.shape};
  }
}

std::optional<std::vector<std::uint64_t>> RowNames::shape(std::string_view name) const {
  const auto found = names_.find(name);
  if (found == names_.end()) return std::nullopt;
  return found->second.shape;
}

Result<const SourceTensor*> RowNames::find(std::string_view name, std::uint64_t& first_row,
                                           std::size_t values) const {
  const auto found = names_.find(name);
  if (found == names_.end())
    return fail(Errc::not_found, "the model has no tensor " + std::string(name));
  const auto& rows = found->second;
  std::uint64_t elements = 1;
  for (const auto extent : rows.shape) elements *= extent;
  const auto columns = rows.tensor->columns();
  if (columns == 0 || values % columns != 0 || first_row > elements / columns ||
      values / columns > elements / columns - first_row)
    return fail(Errc::invalid_argument, std::string(name) + ": no such rows");
  first_row += rows.first_row;
  return rows.tensor;
}

}  // namespace waag::convert
