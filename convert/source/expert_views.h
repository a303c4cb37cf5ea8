#pragma once

#include <vector>

#include "convert/source/source_model.h"

namespace waag::convert {

/// One weight of one expert within a tensor that holds those of all experts of a layer.
struct ExpertView {
  SourceTensor tensor;          // as it is called where experts are published apart
  std::uint64_t first_row = 0;  // in the fused tensor, seen as rows() x columns()
};

/// What the fused tensor holds, in the order of its rows: of "….experts.gate_up_proj" the weights
/// "….experts.0.gate_proj.weight", "….experts.0.up_proj.weight", "….experts.1.gate_proj.weight",
/// ...; of "….experts.down_proj" one an expert. These are the names that engines load quantized
/// experts by.
///
/// @param hidden, expert_feed  the model's sizes: [experts, 2 x feed, hidden], [experts, hidden,
///                             feed]
/// @return empty if it is no such tensor, or is laid out in another way
/// Source: FORMATS 2.4; transformers 5 Qwen3MoeExperts; vLLM make_expert_params_mapping.
std::vector<ExpertView> expert_views(const SourceTensor& fused, std::uint64_t hidden,
                                     std::uint64_t expert_feed);

}  // namespace waag::convert
