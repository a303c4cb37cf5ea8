#include "convert/pipeline/gguf_plan.h"

#include "convert/forward/facts.h"
#include "convert/tokenizer/tokenizer.h"

namespace waag::convert {
namespace {

struct ParameterCount {
  std::uint64_t all = 0;
  std::uint64_t one_expert = 0;
};

ParameterCount count_parameters(const std::vector<PlannedTensor>& tensors) {
  ParameterCount count;
  for (const auto& tensor : tensors) {
    const auto elements = tensor.rows() * tensor.columns();
    count.all += elements;
    if (tensor.name.find("_exps.") != std::string::npos && tensor.shape.front() > 0)
      count.one_expert += elements / tensor.shape.front();
  }
  return count;
}

/// Lossy weights that are made lossy once more, unless that was asked for.
Status check_requantizing(const JobSpec& spec, const std::vector<PlannedTensor>& tensors) {
  if (spec.allow_requantize) return ok();
  for (const auto& tensor : tensors)
    for (const auto& run : tensor.runs)
      if (!run.source->requantized_from.empty())
        return fail(Errc::unprocessable,
                    "the weights are quantized already (" + run.source->requantized_from +
                        "): converting them again loses more; --allow-requantize does it");
  return ok();
}

ChosenTypes types_of(const GgufPlan& plan, const Architecture& architecture,
                     const Dimensions& dimensions) {
  std::vector<RecipeTensor> tensors;
  for (const auto& tensor : plan.tensors)
    tensors.push_back({.name = tensor.name, .shape = tensor.shape, .is_f32 = tensor.is_f32});
  return choose_types(plan.recipe,
                      {.architecture = architecture.gguf_name,
                       .blocks = dimensions.blocks,
                       .heads = dimensions.heads,
                       .key_heads = dimensions.key_heads,
                       .experts = dimensions.experts,
                       .has_importance = !plan.importance.empty()},
                      tensors);
}

/// llama.cpp lets every token of these architectures see all before it: where their windows are
/// shorter than their texts may be, its results are others than the model's.
Status warn_of_window(const ModelConfig& config, std::vector<std::string>& warnings) {
  const auto facts = read_facts(config);
  if (!facts || facts->windows.empty()) return ok();  // what is not known here may still be made
  std::uint64_t least = 0;
  for (const auto window : facts->windows)
    if (window > 0 && (least == 0 || window < least)) least = window;
  WAAG_TRY(const auto longest, config.uint({"max_position_embeddings"}));
  if (least > 0 && longest.value_or(least) > least)
    warnings.push_back("the model's sliding window of " + std::to_string(least) +
                       " tokens is unknown to llama.cpp: of longer texts it makes something else");
  return ok();
}

/// A file's size and quality are then not what its name promises.
std::string fall_back_warning(const GgufPlan& plan, std::size_t fall_backs) {
  return std::to_string(fall_backs) + " of " + std::to_string(plan.tensors.size()) +
         " tensors are of another type than " + std::string(plan.recipe.name) +
         " has for them, as in llama-quantize: their rows are no whole number of its blocks";
}

/// What the file says of itself, in the order of llama.cpp's files.
Result<GgufEntries> entries_of(const JobSpec& spec, const TargetSpec& target, GgufPlan& plan,
                               const Architecture& architecture, const ModelConfig& config,
                               const Dimensions& dimensions, const SourceModel& model) {
  const auto parameters = count_parameters(plan.tensors);
  auto entries =
      general_keys(architecture, spec.model, dimensions, parameters.all, parameters.one_expert);
  WAAG_TRY(auto keys, architecture_keys(architecture, config, dimensions));
  entries.insert(entries.end(), keys.begin(), keys.end());
  entries.push_back({"general.file_type", plan.recipe.file_type});
  const auto warn = [&](std::string_view text) { plan.warnings.emplace_back(text); };
  const TokenizerOptions options{.vocab_size = dimensions.vocabulary,
                                 .config_text = model.config_text()};
  WAAG_TRY(auto tokenizer, read_tokenizer(model.folder(), options, warn));
  entries.insert(entries.end(), tokenizer.begin(), tokenizer.end());
  if (!plan.importance.empty()) {
    entries.push_back({"quantize.imatrix.file", target.importance.filename().string()});
    if (!plan.importance.dataset().empty())
      entries.push_back({"quantize.imatrix.dataset", plan.importance.dataset()});
    entries.push_back(
        {"quantize.imatrix.entries_count", static_cast<std::uint32_t>(plan.importance.size())});
    entries.push_back({"quantize.imatrix.chunks_count", plan.importance.chunks()});
  }
  return entries;
}

}  // namespace

Result<GgufPlan> plan_gguf(const JobSpec& spec, const TargetSpec& target,
                           const SourceModel& model) {
  GgufPlan plan;
  WAAG_TRY(plan.recipe, find_recipe(target.type));
  if (!target.importance.empty()) {
    WAAG_TRY(plan.importance, Importance::read(target.importance));
  }
  if (plan.recipe.needs_importance && plan.importance.empty())
    return fail(Errc::invalid_argument,
                std::string(plan.recipe.name) + " needs an importance matrix");
  WAAG_TRY(const auto config, ModelConfig::parse(model.config_text()));
  WAAG_TRY(const auto* architecture, find_architecture(config));
  WAAG_TRY(const auto dimensions, read_dimensions(*architecture, config));
  WAAG_TRY(plan.tensors, plan_tensors(*architecture, config, dimensions, model));
  WAAG_CHECK(check_requantizing(spec, plan.tensors));
  auto chosen = types_of(plan, *architecture, dimensions);
  plan.types = std::move(chosen.types);
  WAAG_CHECK(warn_of_window(config, plan.warnings));
  if (chosen.fall_backs > 0) plan.warnings.push_back(fall_back_warning(plan, chosen.fall_backs));
  WAAG_TRY(const auto entries,
           entries_of(spec, target, plan, *architecture, config, dimensions, model));
  std::vector<GgufTensor> tensors;
  for (std::size_t i = 0; i < plan.tensors.size(); ++i)
    tensors.push_back(
        {.name = plan.tensors[i].name, .shape = plan.tensors[i].shape, .type = plan.types[i]});
  const auto stem = target.path.substr(0, target.path.size() - std::string_view(".gguf").size());
  WAAG_TRY(plan.files,
           layout_gguf(stem, entries, tensors,
                       target.split_bytes == 0 ? gguf_split_bytes_default : target.split_bytes));
  return plan;
}

}  // namespace waag::convert
