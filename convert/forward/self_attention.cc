#include "convert/forward/self_attention.h"

#include "convert/forward/attend.h"

namespace waag::convert {
namespace {

/// x W^T + bias.
Result<std::vector<float>> project(const BlockStep& step, const std::string& part,
                                   std::uint64_t rows, std::uint64_t columns,
                                   std::span<const float> x) {
  std::vector<float> y(step.texts.tokens() * rows);
  const auto name = step.name("B." + part + ".weight");
  WAAG_CHECK(multiply(step.engine, whole(name, rows, columns), x, y));
  if (!step.has("B." + part + ".bias")) return y;
  WAAG_TRY(const auto bias,
           read_vector(step.engine.weights, step.name("B." + part + ".bias"), rows));
  add_to_rows(y, bias);
  return y;
}

/// Norms of heads, if the model has them, then positions.
Status finish_heads(const BlockStep& step, const std::string& norm, std::uint64_t heads,
                    std::span<float> rows) {
  const auto head = step.facts.of.head;
  if (step.has(norm)) {
    WAAG_TRY(const auto weight, read_vector(step.engine.weights, step.name(norm), head));
    normalize_rows(rows, weight, step.facts.epsilon, rows);
  }
  for (std::uint64_t text = 0; text < step.texts.count(); ++text)
    for (std::uint64_t position = 0; position < step.texts.length(text); ++position)
      for (std::uint64_t each = 0; each < heads; ++each)
        step.rotations.turn(
            position,
            rows.subspan(((step.texts.starts[text] + position) * heads + each) * head, head));
  return ok();
}

}  // namespace

Result<std::vector<float>> attend_plainly(const BlockStep& step, std::span<const float> x) {
  const auto& of = step.facts.of;
  const auto query_size = of.heads * of.head;
  const auto key_size = of.key_heads * of.head;
  WAAG_TRY(auto queries, project(step, "attn_q", query_size, of.hidden, x));
  WAAG_TRY(auto keys, project(step, "attn_k", key_size, of.hidden, x));
  WAAG_TRY(const auto values, project(step, "attn_v", key_size, of.hidden, x));
  WAAG_CHECK(finish_heads(step, "B.attn_q_norm.weight", of.heads, queries));
  WAAG_CHECK(finish_heads(step, "B.attn_k_norm.weight", of.key_heads, keys));
  std::vector<float> mixed(queries.size());
  const Attention attention{.heads = of.heads,
                            .key_heads = of.key_heads,
                            .head = of.head,
                            .value = of.head,
                            .scale = step.facts.score_scale,
                            .window = step.facts.windows[step.block]};
  const AttentionInput in{.queries = {queries.data(), query_size, of.head},
                          .keys = {keys.data(), key_size, of.head},
                          .values = {values.data(), key_size, of.head}};
  WAAG_CHECK(
      attend(step.engine.workers, attention, step.texts, in, {mixed.data(), query_size, of.head}));
  return project(step, "attn_output", of.hidden, query_size, mixed);
}

}  // namespace waag::convert
