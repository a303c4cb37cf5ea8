#include "convert/forward/routing.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace waag::convert {
namespace {

using Groups = RoutingRule::Groups;
using Scores = RoutingRule::Scores;
using Weights = RoutingRule::Weights;

Error bad(const std::string& what) { return fail(Errc::unprocessable, "config.json: " + what); }

Status read_weights(const ModelConfig& config, Routing& out) {
  WAAG_TRY(const auto normalized, config.boolean({"norm_topk_prob"}));
  if (out.rule.weights == Weights::as_scored && normalized.value_or(false))
    return bad("norm_topk_prob with " + config.architecture() + " is not known");
  out.is_normalized =
      out.rule.weights == Weights::sum_to_one ||
      (out.rule.weights == Weights::as_config_says && normalized.value_or(out.rule.is_normalized));
  // The others' code does not know the name.
  if (out.rule.groups == Groups::none) return ok();
  WAAG_TRY(const auto scale, config.number({"routed_scaling_factor"}));
  out.scale = scale.value_or(out.rule.scale);
  WAAG_TRY(const auto scoring, config.text({"scoring_func"}));
  const auto* known = out.rule.scores == Scores::softmax ? "softmax" : "sigmoid";
  if (scoring && *scoring != known)
    return bad("scoring_func " + *scoring + " with " + config.architecture() + " is not known");
  return ok();
}

Status read_groups(const ModelConfig& config, Routing& out) {
  if (out.rule.groups == Groups::none) return ok();
  const bool is_by_two = out.rule.groups == Groups::by_best_two;
  WAAG_TRY(const auto method, config.text({"topk_method"}));
  if (!is_by_two && method.value_or("greedy") == "greedy") return ok();
  const auto* known = is_by_two ? "noaux_tc" : "group_limited_greedy";
  if (method && *method != known)
    return bad("topk_method " + *method + " with " + config.architecture() + " is not known");
  WAAG_TRY(out.groups, config.required({"n_group"}));
  WAAG_TRY(out.groups_used, config.required({"topk_group"}));
  if (out.experts % out.groups != 0 || out.groups_used > out.groups ||
      out.used > out.groups_used * (out.experts / out.groups) ||
      (is_by_two && out.experts / out.groups < 2))
    return bad("n_group and topk_group leave too few experts");
  return ok();
}

std::vector<double> scores_of(Scores kind, std::span<const float> logits) {
  std::vector<double> scores(logits.begin(), logits.end());
  if (kind == Scores::sigmoid) {
    for (auto& score : scores) score = 1 / (1 + std::exp(-score));
    return scores;
  }
  const double most = *std::ranges::max_element(scores);
  for (auto& score : scores) score = std::exp(score - most);
  const double sum = std::accumulate(scores.begin(), scores.end(), 0.0);
  for (auto& score : scores) score /= sum;
  return scores;
}

/// The `count` largest, largest first; of equal ones the lower first.
std::vector<std::uint64_t> largest(std::span<const double> values, std::uint64_t count) {
  std::vector<std::uint64_t> order(values.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::stable_sort(order, std::greater(), [&](std::uint64_t at) { return values[at]; });
  order.resize(count);
  return order;
}

/// Takes the experts of all groups but the best out of the choice.
void keep_best_groups(const Routing& routing, std::vector<double>& worth) {
  const auto size = routing.experts / routing.groups;
  std::vector<double> groups;
  for (std::uint64_t group = 0; group < routing.groups; ++group) {
    const auto members = std::span(worth).subspan(group * size, size);
    const auto best = largest(members, std::min<std::uint64_t>(2, size));
    groups.push_back(members[best[0]] +
                     (routing.rule.groups == Groups::by_best_two ? members[best[1]] : 0));
  }
  const auto kept = largest(groups, routing.groups_used);
  for (std::uint64_t expert = 0; expert < routing.experts; ++expert)
    if (std::ranges::find(kept, expert / size) == kept.end())
      worth[expert] = -std::numeric_limits<double>::infinity();
}

}  // namespace

Result<Routing> read_routing(const Architecture& architecture, const ModelConfig& config,
                             const Dimensions& dimensions) {
  Routing out{.rule = architecture.routing, .experts = dimensions.experts};
  if (out.experts == 0) return out;
  WAAG_TRY(out.used, config.required({"num_experts_per_tok", "num_experts_per_token"}));
  if (out.used > out.experts) return bad("num_experts_per_tok is above the number of experts");
  WAAG_CHECK(read_weights(config, out));
  WAAG_CHECK(read_groups(config, out));
  return out;
}

std::vector<Choice> choose_experts(const Routing& routing, std::span<const float> logits,
                                   std::span<const float> bias) {
  const auto scores = scores_of(routing.rule.scores, logits);
  auto worth = scores;
  for (std::size_t i = 0; i < bias.size(); ++i) worth[i] += static_cast<double>(bias[i]);
  if (routing.groups > 1) keep_best_groups(routing, worth);
  double sum = 1e-20;  // as DeepSeek's code has it, against a division by zero
  const auto chosen = largest(worth, routing.used);
  for (const auto expert : chosen) sum += scores[expert];
  std::vector<Choice> choices;
  for (const auto expert : chosen)
    choices.push_back({expert, static_cast<float>(scores[expert] * routing.scale /
                                                  (routing.is_normalized ? sum : 1))});
  return choices;
}

}  // namespace waag::convert
