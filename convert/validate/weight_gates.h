#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "convert/validate/weight_errors.h"

namespace waag::convert {

/// The least signal-to-noise ratio, in dB, of a tensor of that type (WeightErrors::type) that was
/// quantized as it should be; nullopt: none is known.
/// @param is_lenient  as WeightErrors
std::optional<double> least_sqnr_db(std::string_view type, bool is_lenient = false);

/// What is wrong with a tensor, a sentence each ("blk.3.ffn_down.weight (Q4_K): 12.1 dB, at least
/// 19.9 are expected"); empty: it passes.
std::vector<std::string> weight_faults(const WeightErrors& errors);

}  // namespace waag::convert
