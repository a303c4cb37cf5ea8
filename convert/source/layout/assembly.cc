#include "convert/source/layout/assembly.h"

#include <algorithm>
#include <array>

#include "protocol/model/safetensors_header.h"

namespace waag::convert {
namespace {

/// Scales of activations and caches: quantized weights are read without them.
constexpr std::array<std::string_view, 10> activation_suffixes{
    ".input_scale",      ".input_zero_point", ".input_global_scale",
    ".activation_scale", ".k_scale",          ".v_scale",
    ".q_scale",          ".output_scale",     ".prob_scale",
    "_activation_scale"};

Status assemble_quantized(Assembly& assembly) {
  using Method = Quantization::Method;
  switch (assembly.how().method) {
    case Method::none:
      return ok();
    case Method::fp8:
      return assemble_fp8(assembly, "");
    case Method::compressed_tensors:
      WAAG_CHECK(assemble_integers(assembly));
      WAAG_CHECK(assemble_fp4(assembly));
      return assemble_fp8(assembly, "compressed-tensors");
    case Method::gptq:
      return assemble_gptq(assembly);
    case Method::awq:
      return assemble_awq(assembly);
    case Method::modelopt:
      WAAG_CHECK(assemble_fp4(assembly));
      return assemble_fp8(assembly, "modelopt");
    case Method::mxfp4:
      return assemble_fp4(assembly);
  }
  return ok();
}

bool is_fp8(model::Dtype dtype) {
  return dtype == model::Dtype::f8_e4m3 || dtype == model::Dtype::f8_e5m2;
}

}  // namespace

std::optional<std::string> module_of(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return std::nullopt;
  return std::string(name.substr(0, name.size() - suffix.size()));
}

const StoredTensor* Assembly::find(const std::string& name) const {
  const auto found = stored_.find(name);
  return found == stored_.end() ? nullptr : &found->second;
}

Result<const StoredTensor*> Assembly::part(const std::string& module,
                                           std::string_view suffix) const {
  const auto* tensor = find(module + std::string(suffix));
  if (tensor == nullptr) return bad_weight(module, "has no " + std::string(suffix));
  if (!tensor->strides.empty())
    return bad_weight(tensor->info.name, "has strides, which a quantized weight may not");
  return tensor;
}

Status Assembly::add(Weight weight) {
  auto name = weight.tensor.name;
  if (!weights_.try_emplace(name, std::move(weight)).second)
    return bad_weight(name, "is stored twice, plain and quantized");
  return ok();
}

Result<std::vector<std::uint32_t>> read_groups(const StoredTensor* g_idx, std::uint64_t columns,
                                               std::uint64_t groups) {
  std::vector<std::uint32_t> group_of(columns);
  if (g_idx == nullptr) {
    for (std::uint64_t column = 0; column < columns; ++column)
      group_of[column] = static_cast<std::uint32_t>(column / (columns / groups));
    return group_of;
  }
  WAAG_CHECK(read_words(*g_idx, 0, group_of));
  for (const auto group : group_of)
    if (group >= groups) return bad_weight(g_idx->info.name, "names a group that does not exist");
  return group_of;
}

Result<Weights> assemble_weights(const StoredTensors& stored, const Quantization& how) {
  Assembly assembly(stored, how);
  WAAG_CHECK(assemble_quantized(assembly));
  const bool quantized = how.method != Quantization::Method::none;
  for (const auto& [name, tensor] : stored) {
    if (assembly.is_used(name)) continue;
    const auto is_of_activations = [&](auto suffix) { return name.ends_with(suffix); };
    if (quantized && std::ranges::any_of(activation_suffixes, is_of_activations)) continue;
    if (is_fp8(tensor.info.dtype))
      return bad_weight(name, "is FP8, and config.json does not say how it is scaled");
    WAAG_TRY(auto weight, plain_weight(tensor));
    WAAG_CHECK(assembly.add(std::move(weight)));
  }
  return assembly.take();
}

}  // namespace waag::convert
