#pragma once

#include <functional>

#include "convert/validate/pairs/weight_pair.h"

namespace waag::convert {

/// Pairs each stored tensor of a safetensors folder that the converter made with the source's
/// values; those that only scale others, or are no weights, without any.
/// @param on_pair  as long as it runs, what the pair reads is there
/// @return Errc::unprocessable, naming the tensor, if one is missing, comes of nothing or is of
/// another shape, or if the folder breaks a rule; what on_pair returns
Status each_folder_pair(const SourceModel& source, const std::filesystem::path& folder,
                        const std::function<Status(const WeightPair&)>& on_pair);

}  // namespace waag::convert
