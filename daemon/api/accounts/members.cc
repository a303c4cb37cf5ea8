#include <algorithm>

#include "daemon/api/accounts/support.h"
#include "daemon/api/common/json_body.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/auth/authenticator.h"
#include "daemon/auth/permission.h"
#include "protocol/http/field.h"
#include "protocol/hub/dates.h"
#include "protocol/hub/json_writer.h"
#include "storage/meta/accounts/orgs.h"

/// Who is in an organisation and with which role, under /api/waag/v1.
namespace waag::daemon::api {
namespace {

struct Target {
  std::string org;
  std::string user;
};

Target target_of(Request& request) { return {request.captures["org"], request.captures["user"]}; }

Result<Response> list_members(storage::Store& store, const Identity& who, const std::string& org) {
  WAAG_TRY(const auto row, visible_org(store, who, org));
  WAAG_TRY(const auto members, store.orgs().members(row.name));
  hub::JsonWriter json;
  json.begin_array();
  for (const auto& member : members) {
    json.begin_object().field("user", member.user).field("role", role_name(member.role));
    json.field("since", hub::format_date(member.since)).end_object();
  }
  json.end_array();
  return json_response(json.take());
}

/// An organisation that nobody can set up any more is a case for hub admins.
Status keep_an_admin(storage::Store& store, const Identity& who, const Target& target) {
  if (who.hub_admin) return ok();
  WAAG_TRY(const auto members, store.orgs().members(target.org));
  const auto other_admin = [&target](const storage::MemberRow& member) {
    return member.role == storage::Role::admin && !http::equal_nocase(member.user, target.user);
  };
  if (std::ranges::any_of(members, other_admin)) return ok();
  return fail(Errc::conflict, "The last admin of an organisation stays");
}

Result<Response> put_role(App& app, const Identity& who, const Target& target, storage::Role role) {
  WAAG_TRY(const auto org, administered_org(app.store, who, target.org));
  if (role != storage::Role::admin) WAAG_CHECK(keep_an_admin(app.store, who, target));
  WAAG_CHECK(app.store.orgs().put_member(org.name, target.user, role, app.clock.now()));
  app.auth.forget_user(target.user);
  hub::JsonWriter json;
  json.begin_object().field("org", org.name).field("user", target.user);
  json.field("role", role_name(role)).end_object();
  return json_response(json.take());
}

/// Admins of the organisation take members out, and everybody may leave.
Result<Response> end_membership(App& app, const Identity& who, const Target& target) {
  WAAG_TRY(const auto org, app.store.orgs().find(target.org));
  const bool leaves =
      http::equal_nocase(who.user, target.user) && who.can_write && !is_fine_grained(who);
  if (!leaves) WAAG_CHECK(administered_org(app.store, who, org.name));
  WAAG_CHECK(keep_an_admin(app.store, who, target));
  WAAG_CHECK(app.store.orgs().remove_member(org.name, target.user));
  app.auth.forget_user(target.user);
  return json_response(R"({"success":true})");
}

}  // namespace

Reply get_members(App& app, Request request) {
  auto work = [&store = app.store, who = request.who, org = request.captures["org"]] {
    return list_members(store, who, org);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply put_member(App& app, Request request) {
  WAAG_CO_TRY(const auto body, co_await read_json(request, account_body_bytes_max));
  WAAG_CO_TRY(const auto role, role_of(body));
  auto work = [&app, who = request.who, target = target_of(request), role] {
    return put_role(app, who, target, role);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply delete_member(App& app, Request request) {
  auto work = [&app, who = request.who, target = target_of(request)] {
    return end_membership(app, who, target);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
