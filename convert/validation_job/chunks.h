#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "protocol/result.h"

namespace waag::convert {

/// How a text is cut for an evaluation.
struct ChunkRule {
  std::uint64_t context = 512;  // tokens of a chunk
  std::uint64_t chunks = 16;    // at most
  /// What the tokenizer puts in front of a text by itself: takes the place of each chunk's first
  /// token, as llama.cpp's perplexity tool has it.
  std::optional<std::uint32_t> begin;
};

/// Consecutive chunks of a text, of which `chunks` are taken that lie evenly over all of it: of a
/// mixed text every part is met.
/// @return Errc::unprocessable if the text is shorter than one chunk
/// Source: FORMATS 7.2.
Result<std::vector<std::vector<std::uint32_t>>> cut_chunks(std::span<const std::uint32_t> tokens,
                                                           const ChunkRule& rule);

}  // namespace waag::convert
