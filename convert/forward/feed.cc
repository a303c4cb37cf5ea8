#include "convert/forward/feed.h"

#include <algorithm>
#include <cmath>

namespace waag::convert {
namespace {

struct FeedNames {
  std::string gate;
  std::string up;
  std::string down;
};

/// down(silu(gate x) * up x), of a width between.
Result<std::vector<float>> feed(const BlockStep& step, const FeedNames& names, std::uint64_t width,
                                std::span<const float> x) {
  const auto hidden = step.facts.of.hidden;
  const auto tokens = x.size() / hidden;
  std::vector<float> gate(tokens * width);
  std::vector<float> up(tokens * width);
  WAAG_CHECK(multiply(step.engine, whole(names.gate, width, hidden), x, gate));
  WAAG_CHECK(multiply(step.engine, whole(names.up, width, hidden), x, up));
  WAAG_CHECK(gate_by_silu(step.engine.workers, gate, up));
  std::vector<float> y(x.size());
  WAAG_CHECK(multiply(step.engine, whole(names.down, hidden, width), gate, y));
  return y;
}

FeedNames names_of(const BlockStep& step, const std::string& suffix, std::uint64_t expert = 0) {
  return {step.name("B.ffn_gate" + suffix, expert), step.name("B.ffn_up" + suffix, expert),
          step.name("B.ffn_down" + suffix, expert)};
}

struct Share {
  std::uint64_t token = 0;
  float weight = 0;
};

/// For each expert the tokens that have it.
Result<std::vector<std::vector<Share>>> route(const BlockStep& step, std::span<const float> x) {
  const auto& of = step.facts.of;
  std::vector<float> logits(step.texts.tokens() * of.experts);
  WAAG_CHECK(multiply(step.engine, whole(step.name("B.ffn_gate_inp.weight"), of.experts, of.hidden),
                      x, logits));
  std::vector<float> bias;
  if (step.has("B.exp_probs_b.bias")) {
    WAAG_TRY(bias, read_vector(step.engine.weights, step.name("B.exp_probs_b.bias"), of.experts));
  } else if (step.facts.routing.rule.scores == RoutingRule::Scores::sigmoid) {
    return fail(Errc::unprocessable,
                "the model has no bias of its experts in block " + std::to_string(step.block));
  }
  std::vector<std::vector<Share>> shares(of.experts);
  for (std::uint64_t token = 0; token < step.texts.tokens(); ++token) {
    const auto row = std::span(logits).subspan(token * of.experts, of.experts);
    for (const auto& choice : choose_experts(step.facts.routing, row, bias))
      shares[choice.expert].push_back({token, choice.weight});
  }
  return shares;
}

/// Rows of the tokens that have an expert.
std::vector<float> gather(std::span<const Share> shares, std::uint64_t hidden,
                          std::span<const float> x) {
  std::vector<float> rows;
  for (const auto& share : shares) {
    const auto row = x.subspan(share.token * hidden, hidden);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  return rows;
}

/// What every token has besides its experts.
Status add_shared(const BlockStep& step, std::span<const float> x, std::span<float> y) {
  if (!step.has("B.ffn_gate_shexp.weight")) return ok();
  const auto& of = step.facts.of;
  WAAG_TRY(auto shared, feed(step, names_of(step, "_shexp.weight"), of.shared_feed, x));
  if (!step.name("B.ffn_gate_inp_shexp.weight").empty()) {
    std::vector<float> gates(step.texts.tokens());
    WAAG_CHECK(multiply(step.engine, whole(step.name("B.ffn_gate_inp_shexp.weight"), 1, of.hidden),
                        x, gates));
    for (std::size_t i = 0; i < shared.size(); ++i)
      shared[i] /= 1 + std::exp(-gates[i / of.hidden]);
  }
  add_to(y, shared);
  return ok();
}

Result<std::vector<float>> feed_by_experts(const BlockStep& step, std::span<const float> x) {
  const auto& of = step.facts.of;
  WAAG_TRY(const auto shares, route(step, x));
  std::vector<float> y(x.size());
  for (std::uint64_t expert = 0; expert < of.experts; ++expert) {
    const auto& tokens = shares[expert];
    if (tokens.empty()) continue;
    WAAG_TRY(const auto part, feed(step, names_of(step, "_exps.weight", expert), of.expert_feed,
                                   gather(tokens, of.hidden, x)));
    for (std::size_t i = 0; i < part.size(); ++i) {
      const auto& share = tokens[i / of.hidden];
      y[share.token * of.hidden + i % of.hidden] += share.weight * part[i];
    }
  }
  WAAG_CHECK(add_shared(step, x, y));
  return y;
}

}  // namespace

Result<std::vector<float>> feed_forward(const BlockStep& step, std::span<const float> x) {
  const bool is_routed = step.has("B.ffn_gate_inp.weight");
  if (is_routed && step.has("B.ffn_gate.weight"))
    return fail(Errc::unprocessable,
                "block " + std::to_string(step.block) + " is both dense and of experts");
  if (is_routed) return feed_by_experts(step, x);
  return feed(step, names_of(step, ".weight"), step.facts.of.feed, x);
}

}  // namespace waag::convert
