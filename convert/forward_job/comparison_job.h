#pragma once

#include <functional>
#include <string_view>

#include "convert/forward_job/texts_spec.h"

namespace waag::convert {

/// Runs the texts through the model and what was made of it, and says what that lost: an object a
/// line for each block, and one for all.
/// @return as compare_models()
Status run_comparison(const TextsSpec& spec, const std::function<void(std::string_view)>& sink);

}  // namespace waag::convert
