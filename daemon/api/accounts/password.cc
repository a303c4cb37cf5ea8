#include "daemon/api/accounts/support.h"
#include "daemon/api/common/json_body.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/auth/authenticator.h"
#include "daemon/auth/permission.h"
#include "daemon/auth/secrets/passwords.h"
#include "protocol/http/field.h"
#include "protocol/utf8.h"

/// Passwords, for logins on the web: a hub admin sets anyone's, users change their own.
namespace waag::daemon::api {
namespace {

struct Wish {
  std::string password;
  std::string current;
};

Result<Wish> parse_wish(const boost::json::object& body) {
  WAAG_TRY(const auto password, text_field(body, "password"));
  WAAG_TRY(const auto current, text_field(body, "current"));
  if (!password) return fail(Errc::invalid_argument, "\"password\" is missing");
  const auto size = password->size();
  if (size < password_bytes_min || size > password_bytes_max || !is_utf8(*password))
    return fail(Errc::invalid_argument, "A password has 8 to 1024 bytes of UTF-8");
  if (current && current->size() > password_bytes_max)
    return fail(Errc::invalid_argument, "\"current\" is too long");
  return Wish{*password, current.value_or("")};
}

/// The first one comes from a hub admin: a token that leaked must not become a login that stays.
Task<Status> check_own(App& app, std::string user, std::string current) {
  auto look_up = [&store = app.store, user = std::move(user)] { return store.find_user(user); };
  WAAG_CO_TRY(const auto row, co_await offload(app.blocking, std::move(look_up)));
  WAAG_CO_TRY(const bool right,
              co_await app.passwords->verify(row.password_hash, std::move(current)));
  if (!right) co_return fail(Errc::forbidden, "The current password is wrong");
  co_return ok();
}

}  // namespace

Reply post_password(App& app, Request request) {
  const auto& who = request.who;
  const auto user = request.captures["user"];
  const bool own = http::equal_nocase(user, who.user) && who.can_write && !is_fine_grained(who);
  if (!own && !who.hub_admin)
    co_return fail(Errc::forbidden, "Only hub admins set passwords of others");
  WAAG_CO_TRY(const auto body, co_await read_json(request, account_body_bytes_max));
  WAAG_CO_TRY(const auto wish, parse_wish(body));
  if (!who.hub_admin) WAAG_CO_CHECK(co_await check_own(app, user, wish.current));
  WAAG_CO_TRY(const auto hash, co_await app.passwords->hash(wish.password));
  auto work = [&store = app.store, user, hash] {
    return store.change_user(user, {.password_hash = hash});
  };
  WAAG_CO_TRY(const auto row, co_await offload(app.blocking, std::move(work)));
  app.auth.forget_user(row.name);
  co_return json_response(R"({"success":true})");
}

}  // namespace waag::daemon::api
