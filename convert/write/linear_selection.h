#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "convert/quant/linear/linear_format.h"
#include "convert/source/source_model.h"

namespace waag::convert {

/// Whether a weight is one that inference engines multiply by as a quantized Linear: of two
/// dimensions, in a block of the language model ("…layers.7…"), under the name of a projection.
///
/// Not: lm_head, embeddings, norms, routers, gates of shared experts, vision towers, and what
/// engines keep as plain matrices (eh_proj of DeepSeek's MTP layers). Experts fused into one tensor
/// of three dimensions neither.
/// Source: FORMATS 2.4, 5; the names of Llama, Mistral, Mixtral, Qwen2/3 (-MoE), DeepSeek-V2/V3.
bool is_quantized_linear(std::string_view name, std::span<const std::uint64_t> shape);

/// The name of the weight that engines make of this one and its siblings by stacking rows
/// ("….qkv_proj.weight" for q_proj, k_proj and v_proj); its own name if there are none.
///
/// A stacked weight has one global scale: the nvfp4 weights of one stacked name must all be
/// quantized with nvfp4_global_scale of the largest magnitude in any of them.
std::string stacked_weight_name(std::string_view name);

/// Which weights of a model are quantized.
struct LinearSelection {
  std::set<std::string, std::less<>> quantized;  // names of weights
  std::size_t unfit = 0;  // projections that stay as they are, as the format cannot hold them
  /// Modules (names without ".weight") that engines would otherwise take for quantized: lm_head
  /// first, then by name.
  std::vector<std::string> ignored;
};

/// Weights whose shape the format cannot hold, or engines not stack (FP8 blocks across two
/// weights), stay as they are. Those that engines stack, and the experts of a layer, are quantized
/// all or not at all.
/// @return Errc::unprocessable if nothing is left to quantize: no model of a family that we know
Result<LinearSelection> select_linear(
    LinearFormat format, const std::map<std::string, SourceTensor, std::less<>>& tensors);

}  // namespace waag::convert
