#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace waag::daemon {

/// Decodes standard base64 with padding. @return nullopt if a character or the length is wrong
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace waag::daemon
