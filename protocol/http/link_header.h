#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace waag::http {

/// `<url>; rel="rel"`. @param url  absolute: a relative one crashes every huggingface_hub
/// (HUB_API 1.6)
std::string link_value(std::string_view url, std::string_view rel);

/// The Link header of a page that is not the last: the request's own target, all parameters kept,
/// with `key` (cursor, p) set to `value`.
/// @param base_url  "http://host:port" as the client sees us, no trailing slash
std::string next_link(std::string_view base_url, std::string_view target, std::string_view key,
                      std::string_view value);

/// The target of the first link with that relation in the value of a Link header, as it stands
/// there. @return nullopt if there is none, or if what comes before it is malformed
/// Source: RFC 8288 section 3.
std::optional<std::string> link_target(std::string_view header, std::string_view rel);

}  // namespace waag::http
