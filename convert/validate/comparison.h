#pragma once

#include <functional>
#include <vector>

#include "convert/forward/forward.h"
#include "convert/validate/divergence.h"

namespace waag::convert {

/// Of one result: each place that is scored, or why it could not be run.
using ResultDivergence = Result<std::vector<PlaceDivergence>>;

/// How many tokens of the texts are scored: of each, those of the second half that another follows.
std::uint64_t places_of(std::span<const std::vector<std::uint32_t>> texts);

/// Hears how far the hidden states of a result are from the reference's behind a block:
/// |difference| as a share of |reference|. Where it jumps, that block was damaged.
using OnBlock = std::function<void(std::size_t result, std::uint64_t block, double error)>;

/// Runs texts through a model, with its own weights and beside it with those of each result that
/// was made of it, so that the reference is run once and one block is in memory at a time
/// (FORMATS 6.7). Memory: a hidden state each, once what Forward needs for a block, some tiles.
/// @param texts  of each, the second half is scored: what follows is known to the tokens before
/// @return of each result, in their order; one whose weights cannot be read is left behind there.
/// Errc::invalid_argument if no text has two tokens; errors of the reference's weights
Result<std::vector<ResultDivergence>> compare_models(
    const Forward& forward, const Engine& reference, std::span<const Engine> results,
    std::span<const std::vector<std::uint32_t>> texts, const OnBlock& on_block);

}  // namespace waag::convert
