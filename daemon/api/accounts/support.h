#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "daemon/http/message.h"
#include "storage/store.h"

/// What the handlers of users, organisations, groups and collaborators share.
namespace waag::daemon {

inline constexpr std::size_t account_body_bytes_max = 64u << 10;

/// "read", "contribute", "write" or "admin".
std::string_view role_name(storage::Role role);
/// Errc::invalid_argument that lists the names; `field` is named in it.
Result<storage::Role> parse_role(std::string_view field, std::string_view text);
/// The field "role" of a body; Errc::invalid_argument if it is missing.
Result<storage::Role> role_of(const boost::json::object& body);

/// The field "visibility" of a body: what new repos of an organisation are.
Result<std::optional<storage::Visibility>> new_repos_of(const boost::json::object& body);
std::string_view visibility_name(storage::Visibility visibility);

/// The organisation, if `who` may set it up: Errc::not_found, then Errc::forbidden. Blocks.
Result<storage::OrgRow> administered_org(storage::Store& store, const Identity& who,
                                         std::string_view name);
/// The organisation, if `who` may see its roles: members, hub admins, auditors. Blocks.
Result<storage::OrgRow> visible_org(storage::Store& store, const Identity& who,
                                    std::string_view name);

/// All repos of one type in a namespace that `who` may read, by name. Blocks.
Result<std::vector<storage::RepoRow>> readable_repos(storage::Store& store, const Identity& who,
                                                     RepoType type, std::string_view ns);

}  // namespace waag::daemon
