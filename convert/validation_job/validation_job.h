#pragma once

#include <functional>
#include <string_view>

#include "convert/validation_job/validation_spec.h"

namespace waag::convert {

/// Runs the model and what was made of it over a text and judges each result: a JSON object a line
/// (docs/CONVERT.md). A result that fails is no error: its verdict says so.
/// @return errors of the model, of the text, and of reading files; Errc::unprocessable if the text
/// is shorter than one chunk
Status run_validation(const ValidationSpec& spec,
                      const std::function<void(std::string_view)>& sink);

}  // namespace waag::convert
