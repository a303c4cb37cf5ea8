#include "convert/forward/attend.h"

#include <algorithm>
#include <cmath>

#include "convert/forward/kernels/product.h"

namespace waag::convert {
namespace {

/// Queries at a time: bounds the memory of the scores, and what is computed only to be masked.
constexpr std::uint64_t query_step = 64;

/// Softmax of the scores [begin, end) of a row; zero outside of them.
void soften(std::span<float> row, std::uint64_t begin, std::uint64_t end, float scale) {
  const auto seen = row.subspan(begin, end - begin);
  const float most = *std::ranges::max_element(seen) * scale;
  double sum = 0;
  for (auto& score : seen) {
    score = std::exp(score * scale - most);
    sum += static_cast<double>(score);
  }
  const auto factor = static_cast<float>(1 / sum);
  for (auto& score : seen) score *= factor;
  std::ranges::fill(row.first(begin), 0.0f);
  std::ranges::fill(row.subspan(end), 0.0f);
}

/// One head of one text.
class HeadOfText {
 public:
  HeadOfText(const Attention& attention, const AttentionInput& in, std::uint64_t first_token,
             std::uint64_t tokens, std::uint64_t head)
      : attention_(attention),
        in_(in),
        first_(first_token),
        tokens_(tokens),
        head_(head),
        key_head_(head / (attention.heads / attention.key_heads)) {}

  void run(HeadsOf<float> out) {
    turn_values();
    for (std::uint64_t query = 0; query < tokens_; query += query_step) run_queries(query, out);
  }

 private:
  /// Values with the tokens along a row, as the product takes them.
  void turn_values() {
    values_.resize(attention_.value * tokens_);
    for (std::uint64_t token = 0; token < tokens_; ++token) {
      const float* value = in_.values.at(first_ + token, key_head_);
      for (std::uint64_t i = 0; i < attention_.value; ++i) values_[i * tokens_ + token] = value[i];
    }
  }

  /// First token that a query sees.
  [[nodiscard]] std::uint64_t first_seen(std::uint64_t query) const {
    const auto window = attention_.window;
    return window == 0 || query < window ? 0 : query - window + 1;
  }

  void run_queries(std::uint64_t query, HeadsOf<float> out) {
    const auto end = std::min(query + query_step, tokens_);
    const auto begin = first_seen(query);
    const auto keys = end - begin;
    scores_.assign((end - query) * keys, 0.0f);
    add_product({.left = in_.queries.at(first_ + query, head_),
                 .left_stride = in_.queries.token_stride,
                 .left_rows = end - query,
                 .right = in_.keys.at(first_ + begin, key_head_),
                 .right_stride = in_.keys.token_stride,
                 .right_rows = keys,
                 .depth = attention_.head,
                 .out = scores_.data(),
                 .out_stride = keys});
    for (std::uint64_t i = query; i < end; ++i) {
      soften(std::span(scores_).subspan((i - query) * keys, keys), first_seen(i) - begin,
             i + 1 - begin, static_cast<float>(attention_.scale));
      std::fill_n(out.at(first_ + i, head_), attention_.value, 0.0f);
    }
    add_product({.left = scores_.data(),
                 .left_stride = keys,
                 .left_rows = end - query,
                 .right = values_.data() + begin,
                 .right_stride = tokens_,
                 .right_rows = attention_.value,
                 .depth = keys,
                 .out = out.at(first_ + query, head_),
                 .out_stride = out.token_stride});
  }

  const Attention& attention_;
  const AttentionInput& in_;
  std::uint64_t first_;
  std::uint64_t tokens_;
  std::uint64_t head_;
  std::uint64_t key_head_;
  std::vector<float> values_;
  std::vector<float> scores_;
};

}  // namespace

Status attend(Workers& workers, const Attention& attention, const Texts& texts,
              const AttentionInput& in, HeadsOf<float> out) {
  return workers.each(texts.count() * attention.heads, [&](std::uint64_t piece) {
    const auto text = piece / attention.heads;
    HeadOfText(attention, in, texts.starts[text], texts.length(text), piece % attention.heads)
        .run(out);
    return ok();
  });
}

}  // namespace waag::convert
