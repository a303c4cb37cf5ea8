#include "convert/arch/tensor_plan.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

namespace waag::convert {
namespace {

/// A source name taken apart: "model.layers.3.mlp.experts.12.up_proj.weight" is pattern
/// "L.mlp.experts.E.up_proj.weight", block 3, expert 12.
struct NameParts {
  std::string pattern;
  std::optional<std::uint64_t> block;
  std::optional<std::uint64_t> expert;
};

/// Takes a number without leading zeros and the dot behind it off the front of `rest`.
std::optional<std::uint64_t> take_number(std::string_view& rest) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  const auto length = static_cast<std::size_t>(end - rest.data());
  if (error != std::errc{} || length == rest.size() || rest[length] != '.') return std::nullopt;
  if (length > 1 && rest.front() == '0') return std::nullopt;
  rest.remove_prefix(length + 1);
  return number;
}

NameParts take_apart(std::string_view name) {
  constexpr std::string_view layers = "model.layers.";
  constexpr std::string_view experts = ".experts.";
  NameParts parts;
  std::string_view rest = name;
  if (rest.starts_with(layers)) {
    auto behind = rest.substr(layers.size());
    parts.block = take_number(behind);
    if (parts.block) {
      parts.pattern = "L.";
      rest = behind;
    }
  }
  if (const auto at = rest.find(experts); at != std::string_view::npos) {
    auto behind = rest.substr(at + experts.size());
    parts.expert = take_number(behind);
    if (parts.expert) {
      parts.pattern += std::string(rest.substr(0, at + experts.size())) + "E.";
      rest = behind;
    }
  }
  parts.pattern += rest;
  return parts;
}

std::string shape_text(std::span<const std::uint64_t> shape) {
  std::string text = "[";
  for (const auto extent : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
  return text + "]";
}

Error bad(const std::string& name, const std::string& what) {
  return fail(Errc::unprocessable, "tensor " + name + ": " + what);
}

class Planner {
 public:
  Planner(const Architecture& architecture, const Dimensions& dimensions, const SourceModel& model)
      : architecture_(architecture), dimensions_(dimensions), model_(model) {}

  Result<std::vector<PlannedTensor>> plan(std::vector<float> rope_factors) {
    for (const auto& [name, tensor] : model_.tensors()) WAAG_CHECK(place(tensor));
    WAAG_CHECK(place_experts());
    if (!rope_factors.empty()) {
      PlannedTensor factors;
      factors.name = "rope_freqs.weight";
      factors.shape = {rope_factors.size()};
      factors.constant = std::move(rope_factors);
      factors.is_f32 = true;
      planned_.emplace(factors.name, std::move(factors));
    }
    WAAG_CHECK(check_complete());
    return in_order();
  }

 private:
  Status place(const SourceTensor& tensor) {
    const auto parts = take_apart(tensor.name);
    if (parts.block && *parts.block >= dimensions_.blocks) {
      // Blocks past the last are there for multi-token prediction, which nothing here runs.
      if (architecture_.is_latent) return ok();
      return bad(tensor.name, "config.json says there are only " +
                                  std::to_string(dimensions_.blocks) + " layers");
    }
    if (dimensions_.is_tied && tensor.name == "lm_head.weight") return ok();
    bool is_known = false;
    for (const auto& rules : architecture_.rules)
      for (const auto& rule : rules)
        if (rule.source == parts.pattern) {
          is_known = true;
          WAAG_CHECK(apply(rule, parts, tensor));
        }
    if (!is_known)
      return bad(tensor.name, "has no place in " + std::string(architecture_.class_name));
    return ok();
  }

  Status apply(const TensorRule& rule, const NameParts& parts, const SourceTensor& tensor) {
    if (rule.rows == RowRule::dropped) return ok();
    WAAG_CHECK(check_shape(rule, tensor));
    std::string target(rule.target);
    if (target.starts_with("B."))
      target.replace(0, 2, "blk." + std::to_string(parts.block.value_or(0)) + ".");
    if (rule.rows == RowRule::experts) {
      if (*parts.expert >= dimensions_.experts)
        return bad(tensor.name, "config.json says there are only " +
                                    std::to_string(dimensions_.experts) + " experts");
      expert_parts_[target].emplace(*parts.expert, &tensor);
      return ok();
    }
    PlannedTensor planned;
    planned.name = target;
    shape_runs(rule, tensor, planned);
    const auto [at, is_new] = planned_.emplace(target, std::move(planned));
    if (!is_new) return bad(tensor.name, "gives " + target + ", which another tensor gives, too");
    return ok();
  }

  Status check_shape(const TensorRule& rule, const SourceTensor& tensor) const {
    std::vector<std::uint64_t> wanted;
    for (const char letter : rule.shape) wanted.push_back(dimensions_.of(letter));
    // Gate and up lie in one tensor, one behind the other.
    if (rule.rows == RowRule::fused_gate || rule.rows == RowRule::fused_up) wanted[1] *= 2;
    // Of experts, say, where config.json speaks of none: no tensor is empty.
    if (std::ranges::find(wanted, 0u) != wanted.end())
      return bad(tensor.name, "has no place in a model of this config.json");
    if (wanted != tensor.shape)
      return bad(tensor.name, "is " + shape_text(tensor.shape) + " where config.json implies " +
                                  shape_text(wanted));
    return ok();
  }

  /// Fills shape and runs of a tensor that comes from one source.
  void shape_runs(const TensorRule& rule, const SourceTensor& tensor, PlannedTensor& out) const {
    const auto& of = dimensions_;
    out.shape = tensor.shape;
    RowRun run{.source = &tensor, .first_row = 0, .source_rows = tensor.rows()};
    switch (rule.rows) {
      case RowRule::query_pairs:
      case RowRule::key_pairs:
        run.order = RowRun::Order::paired;
        run.group = of.head;
        break;
      case RowRule::fused_gate:
      case RowRule::fused_up:
        out.shape = {of.experts, of.expert_feed, of.hidden};
        for (std::uint64_t expert = 0; expert < of.experts; ++expert) {
          run.first_row = (2 * expert + (rule.rows == RowRule::fused_up ? 1 : 0)) * of.expert_feed;
          run.source_rows = of.expert_feed;
          out.runs.push_back(run);
        }
        return;
      case RowRule::latent_key:
      case RowRule::latent_value: {
        const bool is_key = rule.rows == RowRule::latent_key;
        out.shape = is_key ? std::vector{of.heads, of.latent_rank, of.nope}
                           : std::vector{of.heads, of.value, of.latent_rank};
        run.order = is_key ? RowRun::Order::transposed : RowRun::Order::as_they_are;
        run.source_rows = is_key ? of.nope : of.value;
        for (std::uint64_t head = 0; head < of.heads; ++head) {
          run.first_row = head * (of.nope + of.value) + (is_key ? 0 : of.nope);
          out.runs.push_back(run);
        }
        return;
      }
      default:
        break;
    }
    out.runs.push_back(run);
  }

  Status place_experts() {
    for (auto& [target, parts] : expert_parts_) {
      if (parts.size() != dimensions_.experts) {
        std::uint64_t missing = 0;
        while (parts.contains(missing)) ++missing;
        return fail(Errc::unprocessable,
                    target + ": expert " + std::to_string(missing) + " is missing");
      }
      PlannedTensor planned;
      planned.name = target;
      planned.shape = parts.begin()->second->shape;
      planned.shape.insert(planned.shape.begin(), dimensions_.experts);
      for (const auto& [expert, tensor] : parts)
        planned.runs.push_back({.source = tensor, .first_row = 0, .source_rows = tensor->rows()});
      if (!planned_.emplace(target, std::move(planned)).second)
        return fail(Errc::unprocessable, target + ": experts are there twice, apart and fused");
    }
    return ok();
  }

  [[nodiscard]] bool is_there(std::string_view alternatives, const std::string& prefix) const {
    while (!alternatives.empty()) {
      const auto bar = std::min(alternatives.find('|'), alternatives.size());
      if (planned_.contains(prefix + std::string(alternatives.substr(0, bar)))) return true;
      alternatives.remove_prefix(std::min(bar + 1, alternatives.size()));
    }
    return false;
  }

  Status check_complete() const {
    for (const auto* name : {"token_embd.weight", "output_norm.weight"})
      if (!planned_.contains(name)) return fail(Errc::unprocessable, missing(name));
    if (!dimensions_.is_tied && !planned_.contains("output.weight"))
      return fail(Errc::unprocessable,
                  missing("output.weight") + " (lm_head.weight), and the embedding is not tied");
    for (std::uint64_t block = 0; block < dimensions_.blocks; ++block) {
      const auto prefix = "blk." + std::to_string(block) + ".";
      for (const auto need : architecture_.block_needs)
        if (!is_there(need, prefix))
          return fail(Errc::unprocessable, missing(prefix + std::string(need)));
    }
    return ok();
  }

  static std::string missing(const std::string& name) {
    return "the model has no tensor for " + name;
  }

  std::vector<PlannedTensor> in_order() {
    std::vector<PlannedTensor> all;
    for (auto& [name, tensor] : planned_) {
      // llama.cpp counts no dimension of one behind the last of more.
      while (tensor.shape.size() > 1 && tensor.shape.front() == 1)
        tensor.shape.erase(tensor.shape.begin());
      tensor.is_f32 = tensor.is_f32 || tensor.shape.size() <= 1 || name.ends_with("_norm.weight") ||
                      !name.ends_with(".weight") || name.find("ffn_gate_inp") != std::string::npos;
      all.push_back(std::move(tensor));
    }
    std::ranges::stable_sort(all, {}, [](const PlannedTensor& tensor) {
      std::string_view rest = tensor.name;
      if (!rest.starts_with("blk.")) return std::int64_t{-1};
      rest.remove_prefix(4);
      return static_cast<std::int64_t>(take_number(rest).value_or(0));
    });
    return all;
  }

  const Architecture& architecture_;
  const Dimensions& dimensions_;
  const SourceModel& model_;
  std::map<std::string, PlannedTensor> planned_;  // the order of names by bytes
  std::map<std::string, std::map<std::uint64_t, const SourceTensor*>> expert_parts_;
};

}  // namespace

Result<std::vector<PlannedTensor>> plan_tensors(const Architecture& architecture,
                                                const ModelConfig& config,
                                                const Dimensions& dimensions,
                                                const SourceModel& model) {
  WAAG_TRY(auto factors, rope_frequency_factors(config, dimensions));
  return Planner(architecture, dimensions, model).plan(std::move(factors));
}

}  // namespace waag::convert
