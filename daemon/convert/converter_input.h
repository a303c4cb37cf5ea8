#pragma once

#include "daemon/convert/publish.h"

namespace waag::daemon {

/// The job spec that waag-convert is given (docs/CONVERT.md), as JSON.
/// @param scratch  with the source's files in in/; what is made goes to out/
/// @param device   "auto", "cpu" or "cuda"
std::string converter_input(const Conversion& conversion, const std::filesystem::path& scratch,
                            std::string_view device, unsigned threads);

}  // namespace waag::daemon
