#pragma once

#include "convert/forward/block_step.h"

namespace waag::convert {

/// The feed-forward part of a block: dense, or of experts where the block has a router
/// (FORMATS 6.1, 6.5). Tokens are routed all at once; an expert is read once, and only if some
/// token has it.
/// @param x  normalized, a row of `hidden` a token
/// @return likewise, to be added
Result<std::vector<float>> feed_forward(const BlockStep& step, std::span<const float> x);

}  // namespace waag::convert
