#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "convert/write/linear_selection.h"

namespace waag::convert {

/// The text of config.json with a quantization_config that tells engines how the weights are
/// stored, in place of the one that may be there. All other bytes stay as they are: numbers are not
/// read and written again.
///
/// The form is compressed-tensors'; of fp8_block, that of DeepSeek-V3.
/// @param config  config.json of the source
/// @return Errc::unprocessable if it is no JSON object
/// Source: FORMATS 5.3; compressed-tensors, quantization/quant_scheme.py PRESET_SCHEMES.
Result<std::string> with_quantization_config(std::string_view config, LinearFormat format,
                                             const std::vector<std::string>& ignored);

}  // namespace waag::convert
