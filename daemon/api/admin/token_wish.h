#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "storage/meta/accounts/account_rows.h"

namespace waag::daemon {

/// What somebody asks of a new token.
struct TokenWish {
  std::string name;
  std::optional<std::string> user;
  storage::TokenRole role{storage::TokenRole::write};
  std::vector<storage::TokenScope> scopes;  // of fine-grained ones: at least one
  std::uint64_t days = 0;                   // 0: the configured number
};

/// {"name", "user"?, "role"?, "scopes"?, "days"?}; scopes are {"namespace", "rights"} or {"repo",
/// "type"?, "rights"}. Errc::invalid_argument
Result<TokenWish> parse_token_wish(const boost::json::object& body);

}  // namespace waag::daemon
