#include "daemon/api/admin/token_wish.h"

#include <boost/json/array.hpp>

#include "daemon/api/accounts/support.h"
#include "daemon/api/admin/names.h"
#include "daemon/api/common/json_body.h"

namespace waag::daemon {
namespace {

constexpr std::uint64_t token_days_max = 3650;
constexpr std::size_t scopes_max = 100;

Result<storage::TokenRole> parse_token_role(const std::optional<std::string>& role,
                                            bool has_scopes) {
  using storage::TokenRole;
  if (!role) return has_scopes ? TokenRole::fine_grained : TokenRole::write;
  if (*role == "read") return TokenRole::read;
  if (*role == "write") return TokenRole::write;
  if (*role == "admin") return TokenRole::admin;
  if (*role == "fineGrained") return TokenRole::fine_grained;
  return fail(Errc::invalid_argument, "\"role\" must be one of [read, write, admin, fineGrained]");
}

Result<storage::TokenScope> parse_scope(const boost::json::value& item) {
  if (!item.is_object()) return fail(Errc::invalid_argument, "\"scopes\" must hold objects");
  const auto& object = item.as_object();
  WAAG_TRY(const auto ns, text_field(object, "namespace"));
  WAAG_TRY(const auto repo, text_field(object, "repo"));
  WAAG_TRY(const auto type_name, text_field(object, "type"));
  WAAG_TRY(const auto rights, text_field(object, "rights"));
  if (ns.has_value() == repo.has_value())
    return fail(Errc::invalid_argument, "a scope needs either \"namespace\" or \"repo\"");
  storage::TokenScope scope;
  WAAG_TRY(scope.rights, parse_role("rights", rights.value_or("")));
  if (ns) {
    if (!RepoId::make(RepoType::model, *ns, "x"))
      return fail(Errc::invalid_argument, "Invalid namespace in a scope");
    scope.ns = *ns;
    return scope;
  }
  const auto type = parse_repo_type(type_name.value_or("model"));
  if (!type) return fail(Errc::invalid_argument, "\"type\" must be one of [model, dataset, space]");
  const auto slash = std::min(repo->find('/'), repo->size());
  const auto name = repo->substr(std::min(slash + 1, repo->size()));
  const auto id = RepoId::make(*type, repo->substr(0, slash), name);
  if (!id) return fail(Errc::invalid_argument, "Invalid repo name in a scope");
  scope.ns = id->ns;
  scope.repo = *id;
  return scope;
}

Result<std::vector<storage::TokenScope>> parse_scopes(const boost::json::object& body) {
  std::vector<storage::TokenScope> scopes;
  const auto* list = body.if_contains("scopes");
  if (list == nullptr || list->is_null()) return scopes;
  if (!list->is_array() || list->as_array().empty() || list->as_array().size() > scopes_max)
    return fail(Errc::invalid_argument, "\"scopes\" must be an array of 1 to 100 scopes");
  for (const auto& item : list->as_array()) {
    WAAG_TRY(auto scope, parse_scope(item));
    scopes.push_back(std::move(scope));
  }
  return scopes;
}

}  // namespace

Result<TokenWish> parse_token_wish(const boost::json::object& body) {
  TokenWish wish;
  WAAG_TRY(const auto name, text_field(body, "name"));
  WAAG_TRY(wish.user, text_field(body, "user"));
  WAAG_TRY(const auto role, text_field(body, "role"));
  WAAG_TRY(wish.scopes, parse_scopes(body));
  WAAG_TRY(wish.role, parse_token_role(role, !wish.scopes.empty()));
  if ((wish.role == storage::TokenRole::fine_grained) == wish.scopes.empty())
    return fail(Errc::invalid_argument, "\"scopes\" and the role \"fineGrained\" go together");
  if (!name || name->empty()) return fail(Errc::invalid_argument, "\"name\" is missing");
  WAAG_TRY(wish.name, display_text("name", *name));
  if (const auto* days = body.if_contains("days"); days != nullptr && !days->is_null()) {
    boost::system::error_code bad;
    wish.days = days->to_number<std::uint64_t>(bad);
    if (bad || wish.days == 0 || wish.days > token_days_max)
      return fail(Errc::invalid_argument, "\"days\" must be between 1 and 3650");
  }
  return wish;
}

}  // namespace waag::daemon
