#pragma once

#include <string_view>

namespace waag {

/// True if `text` is well-formed UTF-8: shortest forms only, no surrogates, at most U+10FFFF.
/// Source: RFC 3629 section 4.
bool is_utf8(std::string_view text);

/// True if well-formed `text` holds a control character: U+0000..001F, U+007F, U+0080..009F.
bool has_control(std::string_view text);

}  // namespace waag
