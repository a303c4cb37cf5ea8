#include "convert/source/source_model.h"

#include <algorithm>

#include "convert/source/decode/floats_of_bytes.h"
#include "convert/source/layout/assembly.h"

namespace waag::convert {
namespace {

/// Ours: a config with a long list of modules left alone has 100 KB.
constexpr std::uint64_t config_bytes_max = 16u << 20;

/// The text of a file, or "" if there is none.
Result<std::string> read_optional(const std::filesystem::path& folder, const std::string& name) {
  auto text = read_small_file(folder, name, config_bytes_max);
  if (!text && text.error().code == Errc::not_found) return std::string();
  return text;
}

}  // namespace

struct SourceModel::State {
  std::filesystem::path folder;
  std::string config_text;
  StoredTensors stored;
  Weights weights;
  std::map<std::string, SourceTensor, std::less<>> tensors;
};

SourceModel::SourceModel() : state_(std::make_unique<State>()) {}
SourceModel::~SourceModel() = default;
SourceModel::SourceModel(SourceModel&&) noexcept = default;
SourceModel& SourceModel::operator=(SourceModel&&) noexcept = default;

Result<SourceModel> SourceModel::open(const std::filesystem::path& folder) {
  SourceModel model;
  auto& state = *model.state_;
  state.folder = folder;
  WAAG_TRY(state.config_text, read_small_file(folder, "config.json", config_bytes_max));
  WAAG_TRY(const std::string side_text, read_optional(folder, "hf_quant_config.json"));
  WAAG_TRY(const auto quantization, parse_quantization(state.config_text, side_text));
  WAAG_TRY(state.stored, open_stored_tensors(folder));
  WAAG_TRY(state.weights, assemble_weights(state.stored, quantization));
  for (const auto& [name, weight] : state.weights) state.tensors.emplace(name, weight.tensor);
  return model;
}

const std::map<std::string, SourceTensor, std::less<>>& SourceModel::tensors() const {
  return state_->tensors;
}

const SourceTensor* SourceModel::find(std::string_view name) const {
  const auto found = state_->tensors.find(name);
  return found == state_->tensors.end() ? nullptr : &found->second;
}

const std::string& SourceModel::config_text() const { return state_->config_text; }
const std::filesystem::path& SourceModel::folder() const { return state_->folder; }

Status SourceModel::read_rows(const SourceTensor& tensor, std::uint64_t first_row,
                              std::uint64_t count, std::span<float> values) const {
  const auto found = state_->weights.find(tensor.name);
  if (found == state_->weights.end())
    return fail(Errc::not_found, tensor.name + ": no such tensor");
  const auto& own = found->second.tensor;
  if (first_row > own.rows() || count > own.rows() - first_row ||
      values.size() != count * own.columns())
    return fail(Errc::invalid_argument, tensor.name + ": rows out of range");
  WAAG_CHECK(found->second.rows->read(first_row, count, values));
  const auto faults = count_not_finite(values);
  if (faults == 0) return ok();
  return fail(Errc::unprocessable, tensor.name + ": " + std::to_string(faults) +
                                       " values of rows " + std::to_string(first_row) + " to " +
                                       std::to_string(first_row + count) + " are NaN or Inf");
}

Result<SourceModel::Stored> SourceModel::stored(std::string_view name) const {
  const auto found = state_->stored.find(name);
  if (found == state_->stored.end())
    return fail(Errc::not_found, std::string(name) + ": no such stored tensor");
  if (!found->second.strides.empty())
    return fail(Errc::unprocessable, std::string(name) + ": its bytes are not in order");
  return Stored{found->second.info, found->second.file->name()};
}

Status SourceModel::read_stored(const Stored& stored, std::uint64_t offset_bytes,
                                std::span<std::byte> out) const {
  const auto found = state_->stored.find(stored.info.name);
  if (found == state_->stored.end())
    return fail(Errc::not_found, stored.info.name + ": no such stored tensor");
  const auto& info = found->second.info;
  const auto size = info.end - info.begin;
  if (offset_bytes > size || out.size() > size - offset_bytes)
    return fail(Errc::invalid_argument, info.name + ": bytes out of range");
  return found->second.file->read_at(info.begin + offset_bytes, out);
}

}  // namespace waag::convert
