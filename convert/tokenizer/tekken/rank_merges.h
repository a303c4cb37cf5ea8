#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace waag::convert {

struct RankMerge {
  std::string_view left, right;  // parts of one of the tokens

  friend bool operator==(const RankMerge&, const RankMerge&) = default;
};

/// The merges of a vocabulary that has none, in tiktoken's way: there, of all neighbours that
/// together are a token, those of the lowest rank become one, the leftmost first, until none are
/// left. A token comes about from the two parts that the same leaves of its own bytes one step
/// before the end: whatever stands around it in a text, the pairs within it are merged in this
/// order. So one merge a token, in order of rank, splits every text as tiktoken does.
///
/// @param tokens  by rank; distinct, none empty. The merges point into them
/// @return none for a token of one byte, or one that its own bytes do not end in (then only a
/// piece of text that is the token as a whole becomes it; llama.cpp looks for that first)
/// Source: openai/tiktoken src/lib.rs, byte_pair_merge.
std::vector<RankMerge> merges_of_ranks(const std::vector<std::string>& tokens);

}  // namespace waag::convert
