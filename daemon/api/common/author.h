#pragma once

#include <string>
#include <string_view>

namespace waag::daemon {

/// The email of commits made over HTTP: an alias, so that no history gives an address away.
inline std::string commit_email(std::string_view user) {
  return std::string(user) + "@users.noreply.waag.invalid";
}

}  // namespace waag::daemon
