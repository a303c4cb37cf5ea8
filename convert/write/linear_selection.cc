#include "convert/write/linear_selection.h"

#include <algorithm>
#include <array>
#include <optional>

namespace waag::convert {
namespace {

constexpr std::string_view weight_suffix = ".weight";

constexpr std::array<std::string_view, 16> projections{"q_proj",
                                                       "k_proj",
                                                       "v_proj",
                                                       "o_proj",
                                                       "qkv_proj",
                                                       "q_a_proj",
                                                       "q_b_proj",
                                                       "kv_b_proj",
                                                       "kv_a_proj_with_mqa",
                                                       "gate_proj",
                                                       "up_proj",
                                                       "down_proj",
                                                       "gate_up_proj",
                                                       "w1",
                                                       "w2",
                                                       "w3"};

struct Stack {
  std::string_view part;
  std::string_view whole;
  bool last = false;  // of the rows
};

// Source: vLLM, packed_modules_mapping of the families' models.
constexpr std::array<Stack, 9> stacks{{{"q_proj", "qkv_proj"},
                                       {"k_proj", "qkv_proj"},
                                       {"v_proj", "qkv_proj", true},
                                       {"gate_proj", "gate_up_proj"},
                                       {"up_proj", "gate_up_proj", true},
                                       {"w1", "w13"},
                                       {"w3", "w13", true},
                                       {"q_a_proj", "fused_qkv_a_proj"},
                                       {"kv_a_proj_with_mqa", "fused_qkv_a_proj", true}}};

/// nullptr if engines stack the weight with no other.
const Stack* stack_of(std::string_view name) {
  for (const auto& stack : stacks)
    if (name.ends_with("." + std::string(stack.part) + std::string(weight_suffix))) return &stack;
  return nullptr;
}

constexpr std::array<std::string_view, 3> other_towers{"visi", "visual", "audio"};

std::vector<std::string_view> components(std::string_view name) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= name.size();) {
    const auto end = std::min(name.find('.', at), name.size());
    parts.push_back(name.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool in_language_block(const std::vector<std::string_view>& parts) {
  const auto of_tower = [](std::string_view part) {
    return std::ranges::any_of(other_towers, [&](auto tower) { return part.starts_with(tower); });
  };
  if (std::ranges::any_of(parts, of_tower)) return false;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i)
    if (parts[i] == "layers" && is_number(parts[i + 1])) return true;
  return false;
}

/// The module of all experts of a layer that a name is in ("model.layers.3.mlp.experts").
std::optional<std::string_view> experts_of(std::string_view name) {
  constexpr std::string_view inner = ".experts.";
  const auto at = name.find(inner);
  if (at == std::string_view::npos) return std::nullopt;
  return name.substr(0, at + inner.size() - 1);
}

/// Weights of one group are quantized all or not at all.
std::string group_of(std::string_view name) {
  const auto experts = experts_of(name);
  return experts ? std::string(*experts) : stacked_weight_name(name);
}

/// Whether the format can hold a weight, and engines can then stack it: a block of 128 rows must
/// not reach from one weight into the next.
bool fits(LinearFormat format, const SourceTensor& tensor) {
  if (!linear_format_fits(format, tensor.shape)) return false;
  if (format != LinearFormat::fp8_block) return true;
  const auto* stack = stack_of(tensor.name);
  return stack == nullptr || stack->last || tensor.shape[0] % fp8_block_extent == 0;
}

/// The module that an unquantized tensor must be ignored by; nullopt if no engine would take it
/// for a Linear.
std::optional<std::string_view> ignored_module(const SourceTensor& tensor) {
  const std::string_view name = tensor.name;
  // Experts fused into one tensor have no ".weight"; engines look the layer's module up.
  if (tensor.shape.size() == 3) return experts_of(name);
  if (tensor.shape.size() != 2 || !name.ends_with(weight_suffix)) return std::nullopt;
  const auto module = name.substr(0, name.size() - weight_suffix.size());
  const auto last = module.substr(module.rfind('.') + 1);
  if (last.find("embed") != std::string_view::npos || last.ends_with("norm") || last == "wte")
    return std::nullopt;
  return module;
}

}  // namespace

bool is_quantized_linear(std::string_view name, std::span<const std::uint64_t> shape) {
  if (shape.size() != 2 || !name.ends_with(weight_suffix)) return false;
  const auto parts = components(name);
  return std::ranges::find(projections, parts[parts.size() - 2]) != projections.end() &&
         in_language_block(parts);
}

std::string stacked_weight_name(std::string_view name) {
  const auto* stack = stack_of(name);
  if (stack == nullptr) return std::string(name);
  const auto kept = name.size() - stack->part.size() - weight_suffix.size();
  return std::string(name.substr(0, kept)) + std::string(stack->whole) + std::string(weight_suffix);
}

Result<LinearSelection> select_linear(
    LinearFormat format, const std::map<std::string, SourceTensor, std::less<>>& tensors) {
  std::set<std::string> unfit;
  for (const auto& [name, tensor] : tensors)
    if (is_quantized_linear(name, tensor.shape) && !fits(format, tensor))
      unfit.insert(group_of(name));

  LinearSelection selection;
  std::set<std::string_view> ignored;
  for (const auto& [name, tensor] : tensors) {
    const bool is_linear = is_quantized_linear(name, tensor.shape);
    const bool is_unfit = is_linear && unfit.contains(group_of(name));
    if (is_linear && !is_unfit)
      selection.quantized.insert(name);
    else if (const auto module = ignored_module(tensor))
      ignored.insert(*module);
    if (is_unfit) ++selection.unfit;
  }
  if (selection.quantized.empty())
    return fail(Errc::unprocessable,
                "none of the model's weights is a projection that the format can hold");
  selection.ignored.push_back("lm_head");
  for (const auto module : ignored)
    if (module != "lm_head") selection.ignored.emplace_back(module);
  return selection;
}

}  // namespace waag::convert
