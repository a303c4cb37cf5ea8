#pragma once

#include <string_view>

#include <toml++/toml.h>

#include "protocol/result.h"

namespace waag::daemon {

/// A TOML text. Errc::invalid_argument names the file and the line of what is wrong.
Result<toml::table> parse_toml(std::string_view text, std::string_view file_name);

}  // namespace waag::daemon
