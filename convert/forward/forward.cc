#include "convert/forward/forward.h"

#include <algorithm>

#include "convert/arch/tensor_plan.h"
#include "convert/forward/feed.h"
#include "convert/forward/latent_attention.h"
#include "convert/forward/self_attention.h"

namespace waag::convert {

Result<Forward> Forward::open(const SourceModel& source) {
  WAAG_TRY(const auto config, ModelConfig::parse(source.config_text()));
  WAAG_TRY(auto facts, read_facts(config));
  // Nothing missing, nothing of another shape, nothing that would be left out.
  WAAG_TRY(const auto plan, plan_tensors(*facts.architecture, config, facts.of, source));
  if (plan.empty()) return fail(Errc::unprocessable, "the model has no tensors");
  return Forward(std::move(facts));
}

Result<ForwardState> Forward::begin(const Engine& engine,
                                    std::span<const std::vector<std::uint32_t>> texts) const {
  ForwardState state;
  for (const auto& text : texts) {
    if (text.empty()) return fail(Errc::invalid_argument, "a text has no tokens");
    state.texts.starts.push_back(state.texts.tokens() + text.size());
  }
  state.hidden.resize(state.texts.tokens() * facts_.of.hidden);
  std::span<float> rest(state.hidden);
  const auto name = facts_.name("token_embd.weight");
  for (const auto& text : texts)
    for (const auto token : text) {
      if (token >= facts_.of.vocabulary)
        return fail(Errc::invalid_argument,
                    "token " + std::to_string(token) + " is not in the vocabulary");
      WAAG_CHECK(engine.weights.read(name, token, rest.first(facts_.of.hidden)));
      rest = rest.subspan(facts_.of.hidden);
    }
  return state;
}

Status Forward::block(const Engine& engine, std::uint64_t number, ForwardState& state) const {
  std::uint64_t longest = 0;
  for (std::uint64_t text = 0; text < state.texts.count(); ++text)
    longest = std::max(longest, state.texts.length(text));
  const Rotations rotations(facts_.rope, longest);
  const BlockStep step{facts_, engine, state.texts, rotations, number};
  std::vector<float> x(state.hidden.size());
  const auto normalize = [&](std::string_view norm) -> Status {
    WAAG_TRY(const auto weight, read_vector(engine.weights, step.name(norm), facts_.of.hidden));
    normalize_rows(state.hidden, weight, facts_.epsilon, x);
    return ok();
  };
  WAAG_CHECK(normalize("B.attn_norm.weight"));
  const auto attend = facts_.architecture->is_latent ? attend_latently : attend_plainly;
  WAAG_TRY(const auto mixed, attend(step, x));
  add_to(state.hidden, mixed);
  WAAG_CHECK(normalize("B.ffn_norm.weight"));
  WAAG_TRY(const auto fed, feed_forward(step, x));
  add_to(state.hidden, fed);
  return ok();
}

Result<std::vector<float>> Forward::finish(const Engine& engine, const ForwardState& state,
                                           std::span<const std::uint64_t> tokens) const {
  const auto hidden = facts_.of.hidden;
  WAAG_TRY(const auto weight,
           read_vector(engine.weights, facts_.name("output_norm.weight"), hidden));
  std::vector<float> rows;
  rows.reserve(tokens.size() * hidden);
  for (const auto token : tokens) {
    if (token >= state.texts.tokens()) return fail(Errc::invalid_argument, "no such token");
    const auto row = std::span(state.hidden).subspan(token * hidden, hidden);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  normalize_rows(rows, weight, facts_.epsilon, rows);
  return rows;
}

Status Forward::logits(const Engine& engine, std::span<const float> rows, std::uint64_t first_token,
                       std::uint64_t count, std::span<float> logits) const {
  const auto& of = facts_.of;
  if (first_token > of.vocabulary || count > of.vocabulary - first_token ||
      logits.size() != rows.size() / of.hidden * count)
    return fail(Errc::invalid_argument, "no such logits");
  const auto name = facts_.name(of.is_tied ? "token_embd.weight" : "output.weight");
  return multiply(engine,
                  {.name = name,
                   .all_rows = of.vocabulary,
                   .columns = of.hidden,
                   .first_row = first_token,
                   .rows = count},
                  rows, logits);
}

}  // namespace waag::convert
