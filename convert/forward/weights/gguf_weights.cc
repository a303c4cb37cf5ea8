#include "convert/forward/weights/gguf_weights.h"

#include <algorithm>
#include <cstring>

namespace waag::convert {
namespace {

Error bad(const std::string& name, const std::string& what) {
  return fail(Errc::unprocessable, "tensor " + name + " of the GGUF " + what);
}

/// What no weight decides must be there as the converter computes it.
Status check_constant(const PlannedTensor& planned, const GgufStored& stored) {
  std::vector<float> values(planned.constant.size());
  WAAG_CHECK(read_gguf_rows(stored, 0, values));
  if (std::memcmp(values.data(), planned.constant.data(), values.size() * sizeof(float)) == 0)
    return ok();
  return bad(planned.name, "has other values than its config.json gives");
}

/// Row of the pairs that a row of the halves became (FORMATS 2.4).
std::uint64_t paired_row(std::uint64_t row, std::uint64_t group) {
  const auto half = group / 2;
  const auto within = row % group;
  return row - within + 2 * (within % half) + within / half;
}

Status read_paired(const GgufStored& tensor, const RowRun& run, std::uint64_t run_row,
                   std::uint64_t first_row, std::span<float> values) {
  const bool is_vector = run.source->shape.size() <= 1;
  const auto group = run.group;
  const auto columns = is_vector ? 1 : tensor.columns();
  // Of a vector, the elements are the rows that changed places.
  const auto first = is_vector ? 0 : first_row / group * group;
  const auto rows = values.size() / columns;
  const auto end = is_vector ? rows : (first_row + rows + group - 1) / group * group;
  std::vector<float> stored((end - first) * columns);
  WAAG_CHECK(read_gguf_rows(tensor, run_row + first, stored));
  for (std::uint64_t row = 0; row < rows; ++row) {
    const auto from = paired_row(first_row + row, group) - first;
    std::copy_n(stored.begin() + static_cast<std::ptrdiff_t>(from * columns), columns,
                values.begin() + static_cast<std::ptrdiff_t>(row * columns));
  }
  return ok();
}

/// Rows of the source are columns of the run.
Status read_transposed(const GgufStored& tensor, std::uint64_t run_row, std::uint64_t rows,
                       std::uint64_t first_row, std::span<float> values) {
  const auto columns = tensor.columns();
  std::vector<float> stored(rows * columns);
  WAAG_CHECK(read_gguf_rows(tensor, run_row, stored));
  for (std::uint64_t i = 0; i < values.size(); ++i)
    values[i] = stored[i % rows * columns + first_row + i / rows];
  return ok();
}

}  // namespace

Result<GgufWeights> GgufWeights::open(const std::filesystem::path& path,
                                      const SourceModel& source) {
  WAAG_TRY(const auto config, ModelConfig::parse(source.config_text()));
  WAAG_TRY(const auto* architecture, find_architecture(config));
  WAAG_TRY(const auto dimensions, read_dimensions(*architecture, config));
  WAAG_TRY(const auto plan, plan_tensors(*architecture, config, dimensions, source));
  GgufWeights weights(RowNames(source, dimensions));
  WAAG_TRY(weights.tensors_, open_gguf(path));
  WAAG_CHECK(weights.place(plan));
  return weights;
}

Status GgufWeights::place(const std::vector<PlannedTensor>& plan) {
  for (const auto& planned : plan) {
    const auto found = tensors_.find(planned.name);
    if (found == tensors_.end()) return bad(planned.name, "is missing");
    const auto& stored = found->second;
    if (stored.info.shape != planned.shape) return bad(planned.name, "is of another shape");
    if (planned.runs.empty()) WAAG_CHECK(check_constant(planned, stored));
    std::uint64_t row = 0;
    for (const auto& run : planned.runs) {
      places_[run.source->name].push_back({&stored, row, run});
      row += run.rows();
    }
  }
  if (tensors_.size() != plan.size())
    for (const auto& [name, stored] : tensors_)
      if (std::ranges::find(plan, name, &PlannedTensor::name) == plan.end())
        return bad(name, "comes of nothing in its source");
  for (auto& [name, places] : places_)
    std::ranges::sort(places, {}, [](const Place& place) { return place.run.first_row; });
  return ok();
}

std::optional<std::vector<std::uint64_t>> GgufWeights::shape(std::string_view name) const {
  return names_.shape(name);
}

Status GgufWeights::read(std::string_view name, std::uint64_t first_row,
                         std::span<float> values) const {
  WAAG_TRY(const auto* source, names_.find(name, first_row, values.size()));
  const auto found = places_.find(source->name);
  if (found == places_.end())
    return fail(Errc::not_found, "the GGUF has nothing of " + std::string(name));
  while (!values.empty()) {
    auto place = std::ranges::upper_bound(found->second, first_row, {},
                                          [](const Place& each) { return each.run.first_row; });
    if (place == found->second.begin())
      return fail(Errc::not_found, "the GGUF has not all of " + std::string(name));
    --place;
    const auto within = first_row - place->run.first_row;
    if (within >= place->run.source_rows)
      return fail(Errc::not_found, "the GGUF has not all of " + std::string(name));
    const auto columns = source->columns();
    const auto rows = std::min(values.size() / columns, place->run.source_rows - within);
    WAAG_CHECK(read_run(*place, within, values.first(rows * columns)));
    values = values.subspan(rows * columns);
    first_row += rows;
  }
  return ok();
}

Status GgufWeights::read_run(const Place& place, std::uint64_t first_row, std::span<float> values) {
  const auto& run = place.run;
  switch (run.order) {
    case RowRun::Order::paired:
      return read_paired(*place.tensor, run, place.first_row, first_row, values);
    case RowRun::Order::transposed:
      return read_transposed(*place.tensor, place.first_row, run.rows(), first_row, values);
    case RowRun::Order::as_they_are:
      break;
  }
  return read_gguf_rows(*place.tensor, place.first_row + first_row, values);
}

}  // namespace waag::convert
