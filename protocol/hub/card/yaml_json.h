#pragma once

#include <string>
#include <string_view>

#include "protocol/result.h"

namespace waag::hub {

/// Deepest nesting, most values and most bytes of JSON that come of one YAML text: an alias counts
/// each time it is used, so a bomb of them ends early.
inline constexpr std::size_t yaml_depth_max = 32;
inline constexpr std::size_t yaml_values_max = 50'000;
inline constexpr std::size_t yaml_json_bytes_max = 1024 * 1024;

/// A YAML mapping as a JSON object, with the types of YAML 1.2's core schema, as the Hub reads
/// cards: `no` and `on` are texts (a language, not false), and so are dates. Infinite numbers and
/// those that are none become null.
/// @return Errc::invalid_argument if it is no YAML, no mapping, has a key that is no scalar or
/// passes one of the bounds above
Result<std::string> yaml_to_json(std::string_view yaml);

}  // namespace waag::hub
