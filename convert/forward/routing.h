#pragma once

#include <span>
#include <vector>

#include "convert/arch/architecture.h"

namespace waag::convert {

/// How many experts a token gets, and with which weights.
struct Routing {
  RoutingRule rule;
  std::uint64_t experts = 0;
  std::uint64_t used = 0;
  std::uint64_t groups = 1;  // 1: all experts are one group
  std::uint64_t groups_used = 1;
  bool is_normalized = false;
  double scale = 1;
};

/// @return Errc::unprocessable if config.json says what is not known here, or contradicts itself
Result<Routing> read_routing(const Architecture& architecture, const ModelConfig& config,
                             const Dimensions& dimensions);

struct Choice {
  std::uint64_t expert = 0;
  float weight = 0;
};

/// The experts of one token, best first; of two that are worth the same, the lower.
/// @param logits  one an expert
/// @param bias    likewise, added where experts are chosen but not to their weights; or empty
/// Source: FORMATS 6.5.
std::vector<Choice> choose_experts(const Routing& routing, std::span<const float> logits,
                                   std::span<const float> bias);

}  // namespace waag::convert
