#pragma once

#include <functional>
#include <vector>

#include "convert/forward/forward.h"
#include "convert/validate/divergence.h"

namespace waag::convert {

/// Runs texts through a model twice, with its own weights and with those of what was made of it,
/// side by side, so that both are in memory one block at a time (FORMATS 6.7).
/// @param texts     of each, the second half is scored: what follows is known to the tokens before
/// @param on_block  hears how far the hidden states are apart after each block: |difference| as a
///                  share of |reference|. Where it jumps, that block was damaged
/// @return one for each token scored. Errc::invalid_argument if no text has two tokens; errors of
/// the weights
Result<std::vector<PlaceDivergence>> compare_models(
    const Forward& forward, const Engine& reference, const Engine& other,
    std::span<const std::vector<std::uint32_t>> texts,
    const std::function<void(std::uint64_t block, double error)>& on_block);

}  // namespace waag::convert
