#include "convert/validate/comparison.h"

#include <algorithm>
#include <cmath>

namespace waag::convert {
namespace {

/// Of the logits that a model has at a time.
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

/// A result on its way through the model.
struct Runner {
  Engine engine;
  Status status;  // once it has failed, it is left behind
  ForwardState state;
  std::vector<float> rows;  // that its logits are made of
  Divergence divergence;

  void take(const std::function<Status()>& step) {
    if (status) status = step();
  }
};

/// Logits of all, a tile of the vocabulary after the other.
Status compare_logits(const Forward& forward, const Engine& reference, std::span<const float> rows,
                      std::span<Runner> runners) {
  const auto vocabulary = forward.facts().of.vocabulary;
  const auto places = rows.size() / forward.facts().of.hidden;
  const auto tile = std::clamp<std::uint64_t>(tile_logits / places, 1, vocabulary);
  std::vector<float> logits, others;
  for (std::uint64_t first = 0; first < vocabulary; first += tile) {
    const auto count = std::min(tile, vocabulary - first);
    logits.resize(places * count);
    others.resize(places * count);
    WAAG_CHECK(forward.logits(reference, rows, first, count, logits));
    for (auto& runner : runners)
      runner.take([&]() -> Status {
        WAAG_CHECK(forward.logits(runner.engine, runner.rows, first, count, others));
        return runner.divergence.add(static_cast<std::uint32_t>(first), logits, others,
                                     reference.workers);
      });
  }
  return ok();
}

std::vector<Runner> begin_all(const Forward& forward, std::span<const Engine> results,
                              std::span<const std::vector<std::uint32_t>> texts,
                              const Scored& scored) {
  std::vector<Runner> runners;
  runners.reserve(results.size());
  for (const auto& engine : results) {
    auto& runner = runners.emplace_back(Runner{engine, ok(), {}, {}, Divergence(scored.next)});
    runner.take([&]() -> Status {
      WAAG_TRY(runner.state, forward.begin(engine, texts));
      return ok();
    });
  }
  return runners;
}

}  // namespace

std::uint64_t places_of(std::span<const std::vector<std::uint32_t>> texts) {
  return scored_of(texts).tokens.size();
}

Result<std::vector<ResultDivergence>> compare_models(
    const Forward& forward, const Engine& reference, std::span<const Engine> results,
    std::span<const std::vector<std::uint32_t>> texts, const OnBlock& on_block) {
  const auto scored = scored_of(texts);
  if (scored.tokens.empty())
    return fail(Errc::invalid_argument, "no text has two tokens: there is nothing to predict");
  WAAG_TRY(auto state, forward.begin(reference, texts));
  auto runners = begin_all(forward, results, texts, scored);
  for (std::uint64_t block = 0; block < forward.blocks(); ++block) {
    WAAG_CHECK(forward.block(reference, block, state));
    for (std::size_t i = 0; i < runners.size(); ++i)
      runners[i].take([&, i]() -> Status {
        WAAG_CHECK(forward.block(runners[i].engine, block, runners[i].state));
        on_block(i, block, apart(state.hidden, runners[i].state.hidden));
        return ok();
      });
  }
  WAAG_TRY(const auto rows, forward.finish(reference, state, scored.tokens));
  state = ForwardState();  // the rows are all that is wanted from here on
  for (auto& runner : runners) {
    runner.take([&]() -> Status {
      WAAG_TRY(runner.rows, forward.finish(runner.engine, runner.state, scored.tokens));
      return ok();
    });
    runner.state = ForwardState();
  }
  WAAG_CHECK(compare_logits(forward, reference, rows, runners));
  std::vector<ResultDivergence> compared;
  for (const auto& runner : runners) {
    if (runner.status)
      compared.emplace_back(runner.divergence.places());
    else
      compared.emplace_back(runner.status.error());
  }
  return compared;
}

}  // namespace waag::convert
