#include "daemon/api/accounts/support.h"

#include <array>

#include "daemon/api/common/json_body.h"
#include "daemon/auth/permission.h"
#include "protocol/http/field.h"
#include "storage/meta/accounts/orgs.h"

namespace waag::daemon {
namespace {

constexpr std::array<std::string_view, 4> role_names{"read", "contribute", "write", "admin"};
constexpr std::size_t scan_rows = 1000;  // read from the store at a time

}  // namespace

std::string_view role_name(storage::Role role) {
  return role_names.at(static_cast<std::size_t>(role));
}

Result<storage::Role> parse_role(std::string_view field, std::string_view text) {
  for (std::size_t i = 0; i < role_names.size(); ++i)
    if (role_names.at(i) == text) return storage::Role{static_cast<std::uint8_t>(i)};
  return fail(Errc::invalid_argument,
              "\"" + std::string(field) + "\" must be one of [read, contribute, write, admin]");
}

Result<storage::Role> role_of(const boost::json::object& body) {
  WAAG_TRY(const auto text, text_field(body, "role"));
  return parse_role("role", text.value_or(""));
}

Result<std::optional<storage::Visibility>> new_repos_of(const boost::json::object& body) {
  WAAG_TRY(const auto text, text_field(body, "visibility"));
  if (!text) return std::optional<storage::Visibility>{};
  if (*text == "public") return std::optional(storage::Visibility::open);
  if (*text == "private") return std::optional(storage::Visibility::closed);
  return fail(Errc::invalid_argument, "\"visibility\" must be one of [public, private]");
}

std::string_view visibility_name(storage::Visibility visibility) {
  return visibility == storage::Visibility::closed ? "private" : "public";
}

Result<storage::OrgRow> administered_org(storage::Store& store, const Identity& who,
                                         std::string_view name) {
  WAAG_TRY(auto org, store.orgs().find(name));
  if (!may_administer(who, org.name))
    return fail(Errc::forbidden, "Only admins of the organisation may do that");
  return org;
}

Result<storage::OrgRow> visible_org(storage::Store& store, const Identity& who,
                                    std::string_view name) {
  WAAG_TRY(auto org, store.orgs().find(name));
  if (!role_in(who, org.name) && !may_audit(who))
    return fail(Errc::forbidden, "Only members of the organisation may see that");
  return org;
}

Result<std::vector<storage::RepoRow>> readable_repos(storage::Store& store, const Identity& who,
                                                     RepoType type, std::string_view ns) {
  std::vector<storage::RepoRow> found;
  auto after = std::string(ns) + "/";  // sorts before every name of the namespace
  while (true) {
    WAAG_TRY(const auto rows, store.list_repos(type, after, scan_rows));
    for (const auto& row : rows) {
      if (!http::equal_nocase(row.id.ns, ns)) return found;
      if (may(who, row, Action::read)) found.push_back(row);
    }
    if (rows.size() < scan_rows) return found;
    after = rows.back().id.full_name();
  }
}

}  // namespace waag::daemon
