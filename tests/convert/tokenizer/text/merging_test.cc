#include "convert/tokenizer/text/merging.h"

#include <map>
#include <string>

#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

using Ranks = std::map<std::string, std::uint32_t>;

/// Each letter a symbol, two of them one by the rank of their text.
std::vector<std::string> merged(std::string_view text, const Ranks& ranks,
                                std::string_view closed = "") {
  std::vector<Symbol> symbols;
  for (std::size_t at = 0; at < text.size(); ++at)
    symbols.push_back({text.substr(at, 1), 0, closed.find(text[at]) != closed.npos});
  merge_symbols(symbols, [&](const Symbol& left, const Symbol& right) -> std::optional<Merged> {
    const auto found = ranks.find(std::string(left.text) + std::string(right.text));
    if (found == ranks.end()) return std::nullopt;
    return Merged{found->second, found->second};
  });
  std::vector<std::string> left;
  for (const auto& symbol : symbols)
    if (!symbol.text.empty()) left.emplace_back(symbol.text);
  return left;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("merging: the lowest rank first, then the leftmost", "[convert][tokenizer][text]") {
  const Ranks ranks{{"ab", 2}, {"bc", 1}, {"abc", 3}, {"aa", 4}};
  CHECK(merged("abc", ranks) == Texts{"abc"});
  CHECK(merged("abcab", ranks) == Texts{"abc", "ab"});
  CHECK(merged("aaaaa", ranks) == Texts{"aa", "aa", "a"});
  CHECK(merged("x", ranks) == Texts{"x"});
  CHECK(merged("", ranks).empty());
}

TEST_CASE("merging: what stands closed is not merged", "[convert][tokenizer][text]") {
  const Ranks ranks{{"ab", 1}, {"bc", 2}};
  CHECK(merged("abc", ranks, "a") == Texts{"a", "bc"});
  CHECK(merged("abc", ranks, "b") == Texts{"a", "b", "c"});
}

TEST_CASE("merging: a long word", "[convert][tokenizer][text]") {
  Ranks ranks;
  for (std::size_t size = 2, rank = 0; size <= 16; size *= 2)
    ranks[std::string(size, 'a')] = static_cast<std::uint32_t>(rank++);
  const auto parts = merged(std::string(1'000'000, 'a'), ranks);
  CHECK(parts.size() == 1'000'000 / 16);
  CHECK(parts.back() == std::string(16, 'a'));
}

}  // namespace waag::convert::testing
