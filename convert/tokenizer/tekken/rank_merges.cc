#include "convert/tokenizer/tekken/rank_merges.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <unordered_map>

namespace waag::convert {
namespace {

using Rank = std::uint32_t;
using Ranks = std::unordered_map<std::string_view, Rank>;
using Difference = std::ptrdiff_t;

constexpr Rank no_rank = std::numeric_limits<Rank>::max();

class Splitter {
 public:
  explicit Splitter(const Ranks& ranks) : ranks_(ranks) {}

  std::optional<RankMerge> last_merge(std::string_view token) {
    begin(token);
    while (pairs_.size() > 1) {
      const auto lowest = std::min_element(pairs_.begin(), pairs_.end());
      if (*lowest == no_rank) return std::nullopt;
      join(lowest - pairs_.begin());
    }
    return RankMerge{token.substr(0, starts_[1]), token.substr(starts_[1])};
  }

 private:
  void begin(std::string_view token) {
    token_ = token;
    starts_.clear();
    pairs_.clear();
    for (std::size_t at = 0; at <= token.size(); ++at) starts_.push_back(at);
    for (std::size_t at = 0; at + 2 < starts_.size(); ++at) pairs_.push_back(pair_rank(at));
  }

  /// Of the parts `at` and `at` + 1 as one.
  [[nodiscard]] Rank pair_rank(std::size_t at) const {
    const auto found = ranks_.find(token_.substr(starts_[at], starts_[at + 2] - starts_[at]));
    return found == ranks_.end() ? no_rank : found->second;
  }

  void join(Difference at) {
    starts_.erase(starts_.begin() + at + 1);
    pairs_.erase(pairs_.begin() + at);
    const auto part = static_cast<std::size_t>(at);
    if (part > 0) pairs_[part - 1] = pair_rank(part - 1);
    if (part < pairs_.size()) pairs_[part] = pair_rank(part);
  }

  const Ranks& ranks_;
  std::string_view token_;
  std::vector<std::size_t> starts_;  // of the parts, then the end
  std::vector<Rank> pairs_;          // of each two neighbours
};

}  // namespace

std::vector<RankMerge> merges_of_ranks(const std::vector<std::string>& tokens) {
  Ranks ranks;
  ranks.reserve(tokens.size());
  for (std::size_t rank = 0; rank < tokens.size(); ++rank) {
    ranks.emplace(tokens[rank], static_cast<Rank>(rank));
  }
  Splitter splitter(ranks);
  std::vector<RankMerge> merges;
  for (const std::string_view token : tokens) {
    if (token.size() < 2) continue;
    if (const auto merge = splitter.last_merge(token)) merges.push_back(*merge);
  }
  return merges;
}

}  // namespace waag::convert
