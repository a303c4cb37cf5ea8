#pragma once

#include <functional>
#include <string_view>

#include "convert/forward_job/texts_spec.h"

namespace waag::convert {

/// Runs the texts through the model; a JSON object a line for each token whose logits are wanted.
/// @return as Forward and the weights say
Status run_logits(const TextsSpec& spec, const std::function<void(std::string_view)>& sink);

}  // namespace waag::convert
