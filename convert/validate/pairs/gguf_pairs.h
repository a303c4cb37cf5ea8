#pragma once

#include <functional>

#include "convert/validate/pairs/weight_pair.h"

namespace waag::convert {

/// Pairs each tensor of a GGUF with the rows of the source that the converter makes it of.
/// @param on_pair  as long as it runs, what the pair reads is there
/// @return as GgufWeights::open() and what on_pair returns
Status each_gguf_pair(const SourceModel& source, const std::filesystem::path& gguf,
                      const std::function<Status(const WeightPair&)>& on_pair);

}  // namespace waag::convert
