#pragma once

#include "convert/forward/block_step.h"

namespace waag::convert {

/// Multi-head latent attention (FORMATS 6.6), some heads at a time: memory does not grow with their
/// number but for queries' and results'.
/// @param x  normalized, a row of `hidden` a token
/// @return likewise, to be added
Result<std::vector<float>> attend_latently(const BlockStep& step, std::span<const float> x);

}  // namespace waag::convert
