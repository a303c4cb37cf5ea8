#include "convert/tokenizer/tekken/rank_merges.h"

#include <algorithm>
#include <map>
#include <random>

#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

using Strings = std::vector<std::string>;

Strings written(const Strings& tokens) {
  Strings merges;
  for (const auto& [left, right] : merges_of_ranks(tokens)) {
    merges.push_back(std::string(left) + " " + std::string(right));
  }
  return merges;
}

/// Merges neighbours while `rank` knows a pair, the lowest first, of these the leftmost.
template <class Rank>
Strings merged(std::string_view text, const Rank& rank) {
  Strings parts;
  for (const char c : text) parts.emplace_back(1, c);
  while (true) {
    int lowest = -1;
    std::size_t at = 0;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      const int here = rank(parts[i], parts[i + 1]);
      if (here >= 0 && (lowest < 0 || here < lowest)) {
        lowest = here;
        at = i;
      }
    }
    if (lowest < 0) return parts;
    parts[at] += parts[at + 1];
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }
}

}  // namespace

TEST_CASE("rank_merges: one a token, of its last two parts", "[convert][tokenizer]") {
  CHECK(written({}).empty());
  CHECK(written({"a", "b", "c"}).empty());
  CHECK(written({"a", "b", "c", "ab", "bc", "abc"}) == Strings{"a b", "b c", "ab c"});
  CHECK(written({"a", "b", "c", "bc", "ab", "abc"}) == Strings{"b c", "a b", "a bc"});
  CHECK(written({"a", "aa", "aaa", "aaaa"}) == Strings{"a a", "aa a", "aa aa"});
}

TEST_CASE("rank_merges: a part may have the higher rank", "[convert][tokenizer]") {
  CHECK(written({"a", "b", "c", "abc", "ab"}) == Strings{"ab c", "a b"});
}

TEST_CASE("rank_merges: none for what its bytes do not end in", "[convert][tokenizer]") {
  CHECK(written({"a", "b", "c", "d", "bc", "abcd"}) == Strings{"b c"});
  CHECK(written({"a", "b", "abb"}).empty());
}

TEST_CASE("rank_merges: every text is split as by the ranks", "[convert][tokenizer]") {
  const auto seed = GENERATE(range(1U, 41U));
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto text_of = [&](std::size_t size) {
    std::string text;
    while (text.size() < size) text += static_cast<char>('a' + random() % 3);
    return text;
  };
  Strings tokens{"a", "b", "c", "ab"};
  while (tokens.size() < 30) {  // any texts, reached by merges or not
    const auto token = text_of(2 + random() % 5);
    if (std::find(tokens.begin(), tokens.end(), token) == tokens.end()) tokens.push_back(token);
  }
  std::map<std::string, int> ranks;
  for (const auto& token : tokens) ranks.emplace(token, static_cast<int>(ranks.size()));
  std::map<std::pair<std::string, std::string>, int> merges;
  for (const auto& [left, right] : merges_of_ranks(tokens)) {
    const std::pair<std::string, std::string> pair{left, right};
    merges.emplace(pair, static_cast<int>(merges.size()));
  }
  CHECK_FALSE(merges.empty());
  const auto by_rank = [&](const std::string& left, const std::string& right) {
    const auto found = ranks.find(left + right);
    return found == ranks.end() ? -1 : found->second;
  };
  const auto by_merge = [&](const std::string& left, const std::string& right) {
    const auto found = merges.find({left, right});
    return found == merges.end() ? -1 : found->second;
  };
  for (int i = 0; i < 50; ++i) {
    const auto text = text_of(1 + random() % 40);
    CAPTURE(text);
    CHECK(merged(text, by_rank) == merged(text, by_merge));
  }
}

}  // namespace waag::convert::testing
