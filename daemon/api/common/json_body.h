#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "daemon/http/message.h"

namespace waag::daemon {

/// The whole body as a JSON object; an empty body is {}. Errc::invalid_argument if it is something
/// else or nested deeper than 32.
Task<Result<boost::json::object>> read_json(Request& request, std::size_t bytes_max);

/// A text field. nullopt if absent or null; Errc::invalid_argument if it is no string.
Result<std::optional<std::string>> text_field(const boost::json::object& object,
                                              std::string_view key);
/// A boolean field. nullopt if absent or null; Errc::invalid_argument if it is something else.
Result<std::optional<bool>> bool_field(const boost::json::object& object, std::string_view key);

}  // namespace waag::daemon
