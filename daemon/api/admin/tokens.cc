#include <algorithm>

#include "daemon/api/accounts/support.h"
#include "daemon/api/admin/token_wish.h"
#include "daemon/api/common/json_body.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/auth/authenticator.h"
#include "daemon/auth/permission.h"
#include "daemon/auth/token.h"
#include "protocol/hub/dates.h"
#include "protocol/hub/json_writer.h"

/// Access tokens, under /api/waag/v1: one's own, anyone's for hub admins.
namespace waag::daemon::api {
namespace {

void write_scopes(hub::JsonWriter& json, const std::vector<storage::TokenScope>& scopes) {
  json.key("scopes").begin_array();
  for (const auto& scope : scopes) {
    json.begin_object();
    if (scope.repo) {
      json.field("repo", scope.repo->full_name()).field("type", to_string(scope.repo->type));
    } else {
      json.field("namespace", scope.ns);
    }
    json.field("rights", role_name(scope.rights)).end_object();
  }
  json.end_array();
}

/// Without the closing brace: a new token's text follows once.
void begin_token(hub::JsonWriter& json, const storage::TokenRow& token) {
  json.begin_object().field("id", token.public_id).field("user", token.user);
  json.field("name", token.display_name).field("role", token_role_name(token.role));
  if (!token.scopes.empty()) write_scopes(json, token.scopes);
  json.field("createdAt", hub::format_date(token.created));
  if (token.expires) json.field("expiresAt", hub::format_date(*token.expires));
}

/// Whose tokens are meant: the caller's, or anyone's if `others` are the caller's business.
Result<std::string> owner_of(storage::Store& store, const Identity& who, bool others,
                             std::optional<std::string_view> asked) {
  if (is_fine_grained(who)) return fail(Errc::forbidden, "A fine-grained token manages no tokens");
  if (!asked || asked->empty() || *asked == who.user) return who.user;
  if (!others) return fail(Errc::forbidden, "Only hub admins manage tokens of others");
  auto user = store.find_user(*asked);
  if (!user && user.error().code == Errc::not_found) return fail(Errc::not_found, "No such user");
  if (!user) return std::move(user).error();
  return user->name;
}

Result<Response> list_tokens(storage::Store& store, const Request& request) {
  WAAG_TRY(const auto owner,
           owner_of(store, request.who, may_audit(request.who), request.query.get("user")));
  WAAG_TRY(const auto tokens, store.list_tokens(owner));
  hub::JsonWriter json;
  json.begin_array();
  for (const auto& token : tokens) {
    begin_token(json, token);
    json.end_object();
  }
  json.end_array();
  return json_response(json.take());
}

/// No token makes a stronger one than itself.
bool may_mint(const Identity& who, const TokenWish& wish) {
  using storage::TokenRole;
  if (who.hub_admin || wish.role == TokenRole::read) return true;
  if (wish.role == TokenRole::admin) return who.token_role == "admin";
  const auto only_reads = [](const auto& scope) { return scope.rights == storage::Role::read; };
  if (wish.role == TokenRole::fine_grained && std::ranges::all_of(wish.scopes, only_reads))
    return true;
  return who.can_write;
}

/// A job reads and writes the repos that its token names; it sets up and deletes none of them.
Status check_service(storage::Store& store, const std::string& owner, const TokenWish& wish) {
  WAAG_TRY(const auto user, store.find_user(owner));
  if (!user.service) return ok();
  if (wish.role != storage::TokenRole::fine_grained)
    return fail(Errc::invalid_argument, "A service account's token needs \"scopes\"");
  const auto sets_up = [](const auto& scope) { return scope.rights > storage::Role::write; };
  if (std::ranges::any_of(wish.scopes, sets_up))
    return fail(Errc::invalid_argument, "A service account's token has at most write rights");
  return ok();
}

Result<Response> make_token(App& app, const Identity& who, const TokenWish& wish) {
  WAAG_TRY(const auto owner, owner_of(app.store, who, who.hub_admin, wish.user));
  if (!may_mint(who, wish))
    return fail(Errc::forbidden, "A token cannot make one with more rights than its own");
  WAAG_CHECK(check_service(app.store, owner, wish));
  const auto minted = mint_token(app.random);
  storage::TokenRow row;
  row.public_id = minted.parts.public_id;
  row.secret_sha256 = minted.parts.secret_sha256;
  row.user = owner;
  row.display_name = wish.name;
  row.role = wish.role;
  row.scopes = wish.scopes;
  row.created = app.clock.now();
  const auto days = wish.days != 0 ? wish.days : app.config.auth.token_days;
  row.expires = row.created + std::chrono::hours(24 * days);
  WAAG_CHECK(app.store.put_token(row));
  hub::JsonWriter json;
  begin_token(json, row);
  json.field("token", minted.text).end_object();
  auto response = json_response(json.take());
  response.headers.set("Cache-Control", "no-store");
  return response;
}

Result<Response> revoke_token(App& app, const Identity& who, const std::string& id) {
  const auto token = app.store.find_token(id);
  const bool missing = !token && token.error().code == Errc::not_found;
  if (!token && !missing) return token.error();
  if (is_fine_grained(who) && id != who.token_id)
    return fail(Errc::forbidden, "A fine-grained token manages no tokens");
  // A foreign token looks as if it were not there.
  if (missing || (token->user != who.user && !who.hub_admin))
    return fail(Errc::not_found, "No such token");
  WAAG_CHECK(app.store.delete_token(id));
  app.auth.forget_token(id);
  return json_response(R"({"success":true})");
}

}  // namespace

Reply get_tokens(App& app, Request request) {
  auto work = [&store = app.store, request = std::move(request)] {
    return list_tokens(store, request);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply post_token(App& app, Request request) {
  WAAG_CO_TRY(const auto body, co_await read_json(request, account_body_bytes_max));
  WAAG_CO_TRY(const auto wish, parse_token_wish(body));
  auto work = [&app, who = request.who, wish] { return make_token(app, who, wish); };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply delete_token(App& app, Request request) {
  auto work = [&app, who = request.who, id = request.captures["token"]] {
    return revoke_token(app, who, id);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
