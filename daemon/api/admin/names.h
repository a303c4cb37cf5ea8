#pragma once

#include <string>
#include <string_view>

#include "protocol/result.h"

namespace waag::daemon {

/// A login name, which is also a namespace: what RepoId::make takes for one, at most 42 characters,
/// none of the words that routes begin with (a user "api" would own unreachable repos).
/// @return Errc::invalid_argument
Status check_user_name(std::string_view name);

/// The name of a repo that is about to be made or moved, which RepoId::make took: none of the words
/// that stand behind the name in routes of one-segment ids, where it would be unreachable.
/// @return Errc::invalid_argument
Status check_new_repo_name(std::string_view name);

/// Text for people: at most 200 bytes of UTF-8 without control characters, '<' and '>' (git
/// authors).
/// @param field  named in the error
Result<std::string> display_text(std::string_view field, std::string text);

}  // namespace waag::daemon
