#include "daemon/api/admin/names.h"
#include "daemon/api/common/json_body.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/auth/authenticator.h"
#include "daemon/auth/permission.h"
#include "daemon/mirror/mirror.h"
#include "protocol/http/field.h"
#include "protocol/hub/dates.h"
#include "protocol/hub/json_writer.h"

/// The hub's state and its users, under /api/waag/v1.
namespace waag::daemon::api {
namespace {

constexpr std::size_t body_bytes_max = 64u << 10;

void write_user(hub::JsonWriter& json, const storage::UserRow& user) {
  json.begin_object().field("name", user.name).field("fullName", user.full_name);
  json.field("email", user.email).field("admin", user.hub_admin).field("auditor", user.auditor);
  json.field("service", user.service);
  json.field("disabled", user.disabled);
  json.field("createdAt", hub::format_date(user.created)).end_object();
}

Response user_response(const storage::UserRow& user) {
  hub::JsonWriter json;
  write_user(json, user);
  return json_response(json.take());
}

/// In one word each; GET upstreams says more.
void write_upstreams(hub::JsonWriter& json, const Upstreams& upstreams) {
  json.key("upstreams").begin_object();
  for (const auto& hub : upstreams.all()) {
    const auto state = hub->governor().snapshot().state;
    json.field(hub->base_url(), state == Governor::State::closed ? "up" : "down");
  }
  json.end_object();
}

/// How much there is of everybody's is for those who look after the hub.
Result<Response> show_status(App& app, const Identity& who) {
  hub::JsonWriter json;
  json.begin_object().field("version", "0.1.0").field("user", who.user);
  if (may_audit(who)) {
    WAAG_TRY(const auto stats, app.store.stats());
    json.field("repos", stats.repos).field("blobs", stats.blobs).field("packs", stats.packs);
    json.field("logicalBytes", stats.logical_bytes).field("packBytes", stats.pack_bytes);
    json.field("freeBytes", stats.free_bytes);
    if (app.mirror) write_upstreams(json, app.mirror->upstreams());
  }
  json.end_object();
  return json_response(json.take());
}

Result<Response> list_users(storage::Store& store) {
  WAAG_TRY(const auto users, store.list_users());
  hub::JsonWriter json;
  json.begin_array();
  for (const auto& user : users) write_user(json, user);
  json.end_array();
  return json_response(json.take());
}

Result<storage::UserRow> parse_user(const boost::json::object& body, storage::TimeMs now) {
  storage::UserRow user;
  WAAG_TRY(const auto name, text_field(body, "name"));
  WAAG_TRY(auto full_name, text_field(body, "fullName"));
  WAAG_TRY(auto email, text_field(body, "email"));
  WAAG_TRY(const auto admin, bool_field(body, "admin"));
  WAAG_TRY(const auto auditor, bool_field(body, "auditor"));
  WAAG_TRY(const auto service, bool_field(body, "service"));
  if (!name) return fail(Errc::invalid_argument, "\"name\" is missing");
  WAAG_CHECK(check_user_name(*name));
  user.name = *name;
  WAAG_TRY(user.full_name, display_text("fullName", full_name.value_or("")));
  WAAG_TRY(user.email, display_text("email", email.value_or("")));
  user.hub_admin = admin.value_or(false);
  user.auditor = auditor.value_or(false);
  user.service = service.value_or(false);
  user.created = now;
  return user;
}

Result<Response> add_user(storage::Store& store, const storage::UserRow& user) {
  const auto put = store.add_user(user);
  if (!put && put.error().code == Errc::conflict)
    return fail(Errc::conflict,
                "A user or an organisation called " + user.name + " already exists");
  if (!put) return put.error();
  return user_response(user);
}

Result<storage::UserChange> parse_change(const boost::json::object& body) {
  storage::UserChange change;
  WAAG_TRY(change.full_name, text_field(body, "fullName"));
  if (change.full_name) WAAG_CHECK(display_text("fullName", *change.full_name));
  WAAG_TRY(change.email, text_field(body, "email"));
  if (change.email) WAAG_CHECK(display_text("email", *change.email));
  WAAG_TRY(change.hub_admin, bool_field(body, "admin"));
  WAAG_TRY(change.auditor, bool_field(body, "auditor"));
  WAAG_TRY(change.disabled, bool_field(body, "disabled"));
  return change;
}

/// A hub without anyone who looks after it could not be helped over the network.
Result<Response> change_user(App& app, const Identity& who, const std::string& name,
                             const storage::UserChange& change) {
  const bool own = http::equal_nocase(name, who.user);
  if (own && (change.disabled.value_or(false) || !change.hub_admin.value_or(true)))
    return fail(Errc::invalid_argument, "You cannot disable yourself or take your own role");
  WAAG_TRY(const auto user, app.store.change_user(name, change));
  app.auth.forget_user(user.name);
  return user_response(user);
}

}  // namespace

Reply get_status(App& app, Request request) {
  auto work = [&app, who = request.who] { return show_status(app, who); };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply get_users(App& app, Request) {
  auto work = [&store = app.store] { return list_users(store); };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply post_user(App& app, Request request) {
  WAAG_CO_TRY(const auto body, co_await read_json(request, body_bytes_max));
  WAAG_CO_TRY(const auto user, parse_user(body, app.clock.now()));
  auto work = [&store = app.store, user] { return add_user(store, user); };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply put_user(App& app, Request request) {
  WAAG_CO_TRY(const auto body, co_await read_json(request, body_bytes_max));
  WAAG_CO_TRY(const auto change, parse_change(body));
  auto work = [&app, who = request.who, name = request.captures["user"], change] {
    return change_user(app, who, name, change);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply delete_user(App& app, Request request) {
  auto work = [&app, who = request.who, name = request.captures["user"]] {
    return change_user(app, who, name, {.disabled = true});
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
