#include "convert/validate/comparison.h"

#include <algorithm>
#include <cmath>

namespace waag::convert {
namespace {

/// Of the logits that both models have at a time.
constexpr std::uint64_t tile_logits = 4 << 20;

/// Tokens of the state whose followers are scored, and these.
struct Scored {
  std::vector<std::uint64_t> tokens;
  std::vector<std::uint32_t> next;
};

Scored scored_of(std::span<const std::vector<std::uint32_t>> texts) {
  Scored scored;
  std::uint64_t start = 0;
  for (const auto& text : texts) {
    const auto half = text.size() > 2 ? text.size() / 2 : 0;
    for (auto at = half; at + 1 < text.size(); ++at) {
      scored.tokens.push_back(start + at);
      scored.next.push_back(text[at + 1]);
    }
    start += text.size();
  }
  return scored;
}

double apart(std::span<const float> reference, std::span<const float> other) {
  double difference = 0, all = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const double gap = double{other[i]} - double{reference[i]};
    difference += gap * gap;
    all += double{reference[i]} * double{reference[i]};
  }
  return all > 0 ? std::sqrt(difference / all) : std::sqrt(difference);
}

}  // namespace

Result<std::vector<PlaceDivergence>> compare_models(
    const Forward& forward, const Engine& reference, const Engine& other,
    std::span<const std::vector<std::uint32_t>> texts,
    const std::function<void(std::uint64_t block, double error)>& on_block) {
  auto scored = scored_of(texts);
  if (scored.tokens.empty())
    return fail(Errc::invalid_argument, "no text has two tokens: there is nothing to predict");
  WAAG_TRY(auto state, forward.begin(reference, texts));
  WAAG_TRY(auto other_state, forward.begin(other, texts));
  for (std::uint64_t block = 0; block < forward.blocks(); ++block) {
    WAAG_CHECK(forward.block(reference, block, state));
    WAAG_CHECK(forward.block(other, block, other_state));
    on_block(block, apart(state.hidden, other_state.hidden));
  }
  WAAG_TRY(const auto rows, forward.finish(reference, state, scored.tokens));
  WAAG_TRY(const auto other_rows, forward.finish(other, other_state, scored.tokens));
  const auto vocabulary = forward.facts().of.vocabulary;
  const auto places = scored.tokens.size();
  const auto tile = std::clamp<std::uint64_t>(tile_logits / places, 1, vocabulary);
  Divergence divergence(std::move(scored.next));
  std::vector<float> logits, other_logits;
  for (std::uint64_t first = 0; first < vocabulary; first += tile) {
    const auto count = std::min(tile, vocabulary - first);
    logits.resize(places * count);
    other_logits.resize(places * count);
    WAAG_CHECK(forward.logits(reference, rows, first, count, logits));
    WAAG_CHECK(forward.logits(other, other_rows, first, count, other_logits));
    divergence.add(static_cast<std::uint32_t>(first), logits, other_logits);
  }
  return divergence.places();
}

}  // namespace waag::convert
