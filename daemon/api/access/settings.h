#pragma once

#include <optional>

#include <boost/json/object.hpp>

#include "protocol/result.h"
#include "storage/meta/repo_rows.h"

namespace waag::daemon::api {

/// "visibility" or the older "private" of a creation or a change; nullopt if there is neither.
/// Errc::invalid_argument
Result<std::optional<storage::Visibility>> wanted_visibility(const boost::json::object& body);

/// What a settings request asks to change. Unknown fields are left alone, as the Hub does;
/// Errc::invalid_argument if a known one has a value that it cannot have, or asks for what this hub
/// does not do.
/// @param xet_enabled  of the hub: no repo differs
Result<storage::RepoSettings> wanted_settings(const boost::json::object& body, bool xet_enabled);

}  // namespace waag::daemon::api
