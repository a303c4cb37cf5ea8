#include "convert/forward/latent_attention.h"

#include <algorithm>

#include "convert/forward/attend.h"

namespace waag::convert {
namespace {

/// Of the two norms inside, whatever config.json has for the others. Source: FORMATS 6.6.
constexpr double latent_epsilon = 1e-6;
/// Heads whose keys and values are expanded at a time.
constexpr std::uint64_t heads_at_once = 8;

class Latent {
 public:
  explicit Latent(const BlockStep& step) : step_(step), of_(step.facts.of) {}

  Result<std::vector<float>> run(std::span<const float> x) {
    const auto tokens = step_.texts.tokens();
    WAAG_CHECK(compress_queries(x));
    WAAG_CHECK(compress_keys(x));
    std::vector<float> mixed(tokens * of_.heads * of_.value);
    for (std::uint64_t head = 0; head < of_.heads; head += heads_at_once)
      WAAG_CHECK(attend_heads(head, std::min(heads_at_once, of_.heads - head), mixed));
    std::vector<float> y(tokens * of_.hidden);
    WAAG_CHECK(multiply(
        step_.engine, whole(step_.name("B.attn_output.weight"), of_.hidden, of_.heads * of_.value),
        mixed, y));
    return y;
  }

 private:
  /// What the queries are made of: x itself, or a shorter row.
  Status compress_queries(std::span<const float> x) {
    if (of_.query_rank == 0) {
      query_source_.assign(x.begin(), x.end());
      return ok();
    }
    query_source_.resize(step_.texts.tokens() * of_.query_rank);
    WAAG_CHECK(multiply(step_.engine,
                        whole(step_.name("B.attn_q_a.weight"), of_.query_rank, of_.hidden), x,
                        query_source_));
    return normalize("B.attn_q_a_norm.weight", of_.query_rank, query_source_);
  }

  Status compress_keys(std::span<const float> x) {
    const auto tokens = step_.texts.tokens();
    const auto size = of_.latent_rank + of_.rope;
    std::vector<float> both(tokens * size);
    WAAG_CHECK(multiply(step_.engine, whole(step_.name("B.attn_kv_a_mqa.weight"), size, of_.hidden),
                        x, both));
    for (std::uint64_t token = 0; token < tokens; ++token) {
      const auto row = std::span(both).subspan(token * size, size);
      latents_.insert(latents_.end(), row.begin(), row.end() - static_cast<long>(of_.rope));
      positions_.insert(positions_.end(), row.end() - static_cast<long>(of_.rope), row.end());
    }
    turn(positions_, 1, of_.rope);
    return normalize("B.attn_kv_a_norm.weight", of_.latent_rank, latents_);
  }

  Status normalize(std::string_view norm, std::uint64_t size, std::span<float> rows) {
    WAAG_TRY(const auto weight, read_vector(step_.engine.weights, step_.name(norm), size));
    normalize_rows(rows, weight, latent_epsilon, rows);
    return ok();
  }

  /// Positions of the last values of each head.
  void turn(std::span<float> rows, std::uint64_t heads, std::uint64_t head) {
    for (std::uint64_t text = 0; text < step_.texts.count(); ++text)
      for (std::uint64_t position = 0; position < step_.texts.length(text); ++position)
        for (std::uint64_t each = 0; each < heads; ++each)
          step_.rotations.turn(
              position,
              rows.subspan(((step_.texts.starts[text] + position) * heads + each) * head, head));
  }

  Status attend_heads(std::uint64_t first, std::uint64_t count, std::span<float> mixed) {
    const auto tokens = step_.texts.tokens();
    const auto expanded = of_.nope + of_.value;  // of a head: its key, its value
    std::vector<float> queries(tokens * count * of_.head);
    const bool is_short = of_.query_rank > 0;
    WAAG_CHECK(multiply(step_.engine,
                        {.name = step_.name(is_short ? "B.attn_q_b.weight" : "B.attn_q.weight"),
                         .all_rows = of_.heads * of_.head,
                         .columns = is_short ? of_.query_rank : of_.hidden,
                         .first_row = first * of_.head,
                         .rows = count * of_.head},
                        query_source_, queries));
    turn(queries, count, of_.head);
    std::vector<float> pairs(tokens * count * expanded);
    WAAG_CHECK(multiply(step_.engine,
                        {.name = step_.name("B.attn_k_b.weight"),
                         .all_rows = of_.heads * expanded,
                         .columns = of_.latent_rank,
                         .first_row = first * expanded,
                         .rows = count * expanded},
                        latents_, pairs));
    std::vector<float> keys;
    keys.reserve(queries.size());
    for (std::uint64_t row = 0; row < tokens * count; ++row) {
      const float* key = pairs.data() + row * expanded;
      keys.insert(keys.end(), key, key + of_.nope);
      const float* position = positions_.data() + row / count * of_.rope;
      keys.insert(keys.end(), position, position + of_.rope);
    }
    const Attention attention{.heads = count,
                              .key_heads = count,
                              .head = of_.head,
                              .value = of_.value,
                              .scale = step_.facts.score_scale,
                              .window = step_.facts.windows[step_.block]};
    const AttentionInput in{.queries = {queries.data(), count * of_.head, of_.head},
                            .keys = {keys.data(), count * of_.head, of_.head},
                            .values = {pairs.data() + of_.nope, count * expanded, expanded}};
    return attend(step_.engine.workers, attention, step_.texts, in,
                  {mixed.data() + first * of_.value, of_.heads * of_.value, of_.value});
  }

  const BlockStep& step_;
  const Dimensions& of_;
  std::vector<float> query_source_;
  std::vector<float> latents_;
  std::vector<float> positions_;  // the part of a key that all heads share
};

}  // namespace

Result<std::vector<float>> attend_latently(const BlockStep& step, std::span<const float> x) {
  return Latent(step).run(x);
}

}  // namespace waag::convert
