#pragma once

#include "convert/forward/block_step.h"

namespace waag::convert {

/// Attention with keys and values of their own, grouped (FORMATS 6.1): biases and norms of heads
/// where the model has them.
/// @param x  normalized, a row of `hidden` a token
/// @return likewise, to be added
Result<std::vector<float>> attend_plainly(const BlockStep& step, std::span<const float> x);

}  // namespace waag::convert
