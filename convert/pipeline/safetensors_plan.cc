#include "convert/pipeline/safetensors_plan.h"

#include <array>

#include "convert/arch/architecture.h"
#include "convert/source/expert_views.h"
#include "convert/write/quantization_config.h"

namespace waag::convert {
namespace {

constexpr std::array<std::pair<std::string_view, LinearFormat>, 5> formats{{
    {"fp8-dynamic", LinearFormat::fp8_dynamic},
    {"fp8-block", LinearFormat::fp8_block},
    {"int8", LinearFormat::int8},
    {"w4a16", LinearFormat::w4a16},
    {"nvfp4", LinearFormat::nvfp4},
}};

bool is_plain(model::Dtype dtype) {
  using enum model::Dtype;
  return dtype == f32 || dtype == f16 || dtype == bf16;
}

/// The type that most plain weights have; what is decoded and the scales are stored in it.
model::Dtype model_dtype(const SourceModel& model) {
  std::map<model::Dtype, std::uint64_t> elements;
  for (const auto& [name, tensor] : model.tensors())
    if (is_plain(tensor.dtype) && tensor.shape.size() > 1)
      elements[tensor.dtype] += tensor.elements();
  auto most = model::Dtype::bf16;
  for (const auto& [dtype, count] : elements)
    if (count > elements[most]) most = dtype;
  return most;
}

Status check_requantizing(const JobSpec& spec, const SourceModel& model) {
  if (spec.allow_requantize) return ok();
  for (const auto& [name, tensor] : model.tensors())
    if (!tensor.requantized_from.empty())
      return fail(Errc::unprocessable,
                  "the weights are quantized already (" + tensor.requantized_from +
                      "): converting them again loses more; --allow-requantize does it");
  return ok();
}

std::string_view demand_of(LinearFormat format) {
  switch (format) {
    case LinearFormat::w4a16:
      return "rows of whole groups of 128";
    case LinearFormat::nvfp4:
      return "rows of whole groups of 16";
    case LinearFormat::fp8_block:
      return "whole blocks of 128 rows where engines stack weights";
    case LinearFormat::fp8_dynamic:
    case LinearFormat::int8:
      break;
  }
  return "matrices";
}

/// The result's size is then not what its name promises.
std::string unfit_warning(const LinearSelection& selection, LinearFormat format,
                          std::string_view type) {
  return std::to_string(selection.unfit) + " of " +
         std::to_string(selection.unfit + selection.quantized.size()) +
         " projections stay unquantized: " + std::string(type) + " needs " +
         std::string(demand_of(format)) + ", also in those that belong together";
}

/// A weight's name with the suffix of one of its stored tensors.
std::string part_name(const std::string& weight, std::string_view suffix) {
  constexpr std::string_view ending = "weight";
  return weight.substr(0, weight.size() - ending.size()) + std::string(suffix);
}

class Planner {
 public:
  Planner(const JobSpec& spec, const SourceModel& model) : spec_(spec), model_(model) {}

  Result<SafetensorsPlan> plan(const TargetSpec& target) {
    WAAG_TRY(plan_.format, find_linear_format(target.type));
    WAAG_CHECK(check_requantizing(spec_, model_));
    plan_.model_dtype = model_dtype(model_);
    plan_.tensors = model_.tensors();
    WAAG_CHECK(take_experts_apart());
    WAAG_TRY(const auto selection, select_linear(plan_.format, plan_.tensors));
    if (selection.unfit > 0)
      plan_.warnings.push_back(unfit_warning(selection, plan_.format, target.type));
    for (const auto& [name, tensor] : plan_.tensors)
      WAAG_CHECK(add(tensor, selection.quantized.contains(name)));
    WAAG_TRY(plan_.layout,
             lay_out_safetensors(to_write_, target.split_bytes == 0 ? weight_file_bytes_default
                                                                    : target.split_bytes));
    std::size_t next = 0;
    for (auto& weight : plan_.weights)
      for (auto& part : weight.parts)
        part.place = plan_.layout.places.find(to_write_[next++].name)->second;
    WAAG_CHECK(add_texts(selection));
    return std::move(plan_);
  }

 private:
  struct Apart {
    const SourceTensor* fused = nullptr;
    std::uint64_t first_row = 0;
  };

  /// Fused experts become weights of their own where these can be quantized: nothing loads a
  /// quantized tensor of three dimensions.
  Status take_experts_apart() {
    WAAG_TRY(const auto config, ModelConfig::parse(model_.config_text()));
    WAAG_TRY(const auto* architecture, find_architecture(config));
    const auto dimensions = read_dimensions(*architecture, config);
    if (!dimensions) return ok();
    auto apart = plan_.tensors;
    std::map<const SourceTensor*, std::vector<ExpertView>> fused;
    for (const auto& [name, tensor] : model_.tensors()) {
      auto views = expert_views(tensor, dimensions->hidden, dimensions->expert_feed);
      if (views.empty()) continue;
      apart.erase(name);
      for (const auto& view : views) apart.emplace(view.tensor.name, view.tensor);
      fused.emplace(&tensor, std::move(views));
    }
    const auto selection = select_linear(plan_.format, apart);
    if (fused.empty() || !selection) return ok();
    for (const auto& [tensor, views] : fused) {
      if (!selection->quantized.contains(views.front().tensor.name)) continue;
      plan_.tensors.erase(tensor->name);
      for (const auto& view : views) {
        if (!plan_.tensors.emplace(view.tensor.name, view.tensor).second)
          return fail(Errc::unprocessable,
                      view.tensor.name + ": experts are there apart and fused");
        apart_[view.tensor.name] = {tensor, view.first_row};
      }
    }
    return ok();
  }

  Status add(const SourceTensor& tensor, bool is_quantized) {
    PlannedWeight weight;
    weight.source = &tensor;
    if (const auto found = apart_.find(tensor.name); found != apart_.end()) {
      weight.fused = found->second.fused;
      weight.first_row = found->second.first_row;
    }
    if (is_quantized) {
      weight.way = PlannedWeight::Way::quantized;
      weight.stacked_name = stacked_weight_name(tensor.name);
      WAAG_TRY(const auto parts, linear_parts(plan_.format, shape_of(tensor), plan_.model_dtype));
      for (const auto& part : parts) {
        to_write_.push_back({part_name(tensor.name, part.suffix), part.dtype, part.shape});
        weight.parts.push_back({.part = part, .place = {}});
      }
    } else {
      // Codes without their scales mean nothing: such a weight is written as its values.
      const bool is_kept = tensor.requantized_from.empty() && is_kept_type(tensor.dtype);
      weight.way = is_kept ? PlannedWeight::Way::copied : PlannedWeight::Way::decoded;
      const auto dtype = is_kept ? tensor.dtype : plan_.model_dtype;
      to_write_.push_back({tensor.name, dtype, tensor.shape});
      LinearPart part;
      part.dtype = dtype;
      part.shape = tensor.shape;
      weight.parts.push_back({.part = std::move(part), .place = {}});
    }
    plan_.weights.push_back(std::move(weight));
    return ok();
  }

  static bool is_kept_type(model::Dtype dtype) {
    using enum model::Dtype;
    return dtype != f8_e4m3 && dtype != f8_e5m2 && dtype != u8 && dtype != i8;
  }
  static LinearShape shape_of(const SourceTensor& tensor) {
    return {.rows = tensor.rows(), .columns = tensor.columns()};
  }

  Status add_texts(const LinearSelection& selection) {
    WAAG_TRY(plan_.texts["config.json"],
             with_quantization_config(model_.config_text(), plan_.format, selection.ignored));
    if (!plan_.layout.index_json.empty())
      plan_.texts[std::string(safetensors_index_name)] = plan_.layout.index_json;
    return ok();
  }

  const JobSpec& spec_;
  const SourceModel& model_;
  SafetensorsPlan plan_;
  std::map<std::string, Apart, std::less<>> apart_;  // by the name of the expert's weight
  std::vector<TensorToWrite> to_write_;              // in the order of the weights' parts
};

}  // namespace

Result<LinearFormat> find_linear_format(std::string_view name) {
  std::string known;
  for (const auto& [format_name, format] : formats) {
    if (format_name == name) return format;
    known += (known.empty() ? "" : ", ") + std::string(format_name);
  }
  return fail(Errc::invalid_argument,
              "unknown safetensors type " + std::string(name) + "; known are " + known);
}

Result<SafetensorsPlan> plan_safetensors(const JobSpec& spec, const TargetSpec& target,
                                         const SourceModel& model) {
  return Planner(spec, model).plan(target);
}

}  // namespace waag::convert
