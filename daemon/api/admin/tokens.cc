#include "daemon/api/admin/names.h"
#include "daemon/api/common/json_body.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/auth/authenticator.h"
#include "daemon/auth/token.h"
#include "protocol/hub/dates.h"
#include "protocol/hub/json_writer.h"

/// Access tokens, under /api/waag/v1: one's own, anyone's for hub admins.
namespace waag::daemon::api {
namespace {

constexpr std::size_t body_bytes_max = 64u << 10;
constexpr std::uint64_t token_days_max = 3650;

std::string_view role_name(storage::TokenRole role) {
  if (role == storage::TokenRole::admin) return "admin";
  return role == storage::TokenRole::write ? "write" : "read";
}

/// Without the closing brace: a new token's text follows once.
void begin_token(hub::JsonWriter& json, const storage::TokenRow& token) {
  json.begin_object().field("id", token.public_id).field("user", token.user);
  json.field("name", token.display_name).field("role", role_name(token.role));
  json.field("createdAt", hub::format_date(token.created));
  if (token.expires) json.field("expiresAt", hub::format_date(*token.expires));
}

/// Whose tokens are meant: the caller's, or for hub admins anyone's.
Result<std::string> owner_of(storage::Store& store, const Identity& who,
                             std::optional<std::string_view> asked) {
  if (!asked || asked->empty() || *asked == who.user) return who.user;
  if (!who.hub_admin) return fail(Errc::forbidden, "Only hub admins manage tokens of others");
  auto user = store.find_user(*asked);
  if (!user && user.error().code == Errc::not_found) return fail(Errc::not_found, "No such user");
  if (!user) return std::move(user).error();
  return user->name;
}

Result<Response> list_tokens(storage::Store& store, const Request& request) {
  WAAG_TRY(const auto owner, owner_of(store, request.who, request.query.get("user")));
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

struct Wish {
  std::string name;
  std::optional<std::string> user;
  storage::TokenRole role{storage::TokenRole::write};
  std::uint64_t days = 0;  // 0: the configured number
};

Result<storage::TokenRole> parse_role(const std::optional<std::string>& role) {
  if (role == "read") return storage::TokenRole::read;
  if (role == "admin") return storage::TokenRole::admin;
  if (!role || role == "write") return storage::TokenRole::write;
  return fail(Errc::invalid_argument, "\"role\" must be one of [read, write, admin]");
}

Result<Wish> parse_wish(const boost::json::object& body) {
  Wish wish;
  WAAG_TRY(const auto name, text_field(body, "name"));
  WAAG_TRY(wish.user, text_field(body, "user"));
  WAAG_TRY(const auto role, text_field(body, "role"));
  WAAG_TRY(wish.role, parse_role(role));
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

/// No token makes a stronger one than itself.
bool may_mint(const Identity& who, storage::TokenRole role) {
  if (who.hub_admin || role == storage::TokenRole::read) return true;
  if (role == storage::TokenRole::admin) return who.token_role == "admin";
  return who.can_write;
}

Result<Response> make_token(App& app, const Identity& who, const Wish& wish) {
  WAAG_TRY(const auto owner, owner_of(app.store, who, wish.user));
  if (!may_mint(who, wish.role))
    return fail(Errc::forbidden, "A token cannot make one with more rights than its own");
  const auto minted = mint_token(app.random);
  storage::TokenRow row;
  row.public_id = minted.parts.public_id;
  row.secret_sha256 = minted.parts.secret_sha256;
  row.user = owner;
  row.display_name = wish.name;
  row.role = wish.role;
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
  WAAG_CO_TRY(const auto body, co_await read_json(request, body_bytes_max));
  WAAG_CO_TRY(const auto wish, parse_wish(body));
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
