#pragma once

#include <catch2/catch.hpp>

#include "convert/source/source_model.h"
#include "tests/convert/source/model_folder.h"

namespace waag::convert::testing {

/// The values of one weight of a folder, read as a whole and row by row.
inline std::vector<float> weight_values(const waag::testing::ModelFolder& folder,
                                        std::string_view name) {
  const auto model = SourceModel::open(folder.path());
  if (!model) FAIL(model.error().what);
  const auto* tensor = model->find(name);
  REQUIRE(tensor != nullptr);
  std::vector<float> values(tensor->elements());
  const auto status = model->read_rows(*tensor, 0, tensor->rows(), values);
  if (!status) FAIL(status.error().what);
  std::vector<float> row(tensor->columns());
  for (std::uint64_t r = 0; r < tensor->rows(); ++r) {
    REQUIRE(model->read_rows(*tensor, r, 1, row));
    REQUIRE(std::equal(row.begin(), row.end(),
                       values.begin() + static_cast<std::ptrdiff_t>(r * row.size())));
  }
  return values;
}

/// Why a folder is refused when it is opened; "" if it is not.
inline std::string why_refused(const waag::testing::ModelFolder& folder) {
  const auto model = SourceModel::open(folder.path());
  if (model) return "";
  CHECK(model.error().code == Errc::unprocessable);
  return model.error().what;
}

/// The names of a folder's weights, in order.
inline std::vector<std::string> weight_names(const waag::testing::ModelFolder& folder) {
  const auto model = SourceModel::open(folder.path());
  if (!model) FAIL(model.error().what);
  std::vector<std::string> names;
  for (const auto& [name, tensor] : model->tensors()) names.push_back(name);
  return names;
}

/// requantized_from of one weight.
inline std::string origin(const waag::testing::ModelFolder& folder, std::string_view name) {
  const auto model = SourceModel::open(folder.path());
  if (!model) FAIL(model.error().what);
  const auto* tensor = model->find(name);
  REQUIRE(tensor != nullptr);
  return tensor->requantized_from;
}

}  // namespace waag::convert::testing
