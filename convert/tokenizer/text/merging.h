#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <queue>
#include <string_view>
#include <vector>

namespace waag::convert {

/// A part of a piece of text while its parts are merged.
struct Symbol {
  std::string_view text;  // empty once it is merged into the one before
  std::uint32_t id = 0;
  bool is_closed = false;  // is not merged with others
};

struct Merged {
  std::uint32_t rank = 0;  // the lowest is merged first
  std::uint32_t id = 0;    // of the two as one
};

/// Merges neighbours until no two are left that `find` knows: of all, those of the lowest rank, and
/// of these the leftmost. Takes time n log n. What is merged away stays as an empty symbol.
///
/// @param find  (const Symbol& left, const Symbol& right) -> std::optional<Merged>
/// Source: huggingface/tokenizers src/models/bpe/word.rs; google/sentencepiece src/bpe_model.cc.
template <class Find>
void merge_symbols(std::vector<Symbol>& symbols, const Find& find) {
  struct Candidate {
    std::uint32_t rank, at, id;
    bool operator<(const Candidate& other) const {  // the best is the greatest
      return rank != other.rank ? rank > other.rank : at > other.at;
    }
  };
  constexpr auto none = std::numeric_limits<std::uint32_t>::max();
  const auto count = static_cast<std::uint32_t>(symbols.size());
  std::vector<std::uint32_t> before(count), behind(count);
  std::priority_queue<Candidate> best;
  const auto look = [&](std::uint32_t at, std::uint32_t next) {
    if (at == none || next == none || symbols[at].is_closed || symbols[next].is_closed) return;
    if (const std::optional<Merged> found = find(symbols[at], symbols[next]))
      best.push({found->rank, at, found->id});
  };
  for (std::uint32_t at = 0; at < count; ++at) {
    before[at] = at == 0 ? none : at - 1;
    behind[at] = at + 1 == count ? none : at + 1;
    look(at, behind[at]);
  }
  while (!best.empty()) {
    const auto [rank, at, id] = best.top();
    best.pop();
    const auto next = behind[at];
    if (symbols[at].text.empty() || next == none) continue;
    const std::optional<Merged> found = find(symbols[at], symbols[next]);
    if (!found || found->id != id) continue;  // one of the two has been merged meanwhile
    auto& left = symbols[at];
    left.text = {left.text.data(), left.text.size() + symbols[next].text.size()};
    left.id = id;
    symbols[next].text = {};
    behind[at] = behind[next];
    if (behind[at] != none) before[behind[at]] = at;
    look(before[at], at);
    look(at, behind[at]);
  }
}

}  // namespace waag::convert
