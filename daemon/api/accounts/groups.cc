#include "storage/meta/accounts/groups.h"

#include "daemon/api/accounts/support.h"
#include "daemon/api/admin/names.h"
#include "daemon/api/common/json_body.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/auth/authenticator.h"
#include "protocol/hub/json_writer.h"

/// Groups of members of an organisation, which carry a role on all of its repos or on single ones;
/// under /api/waag/v1.
namespace waag::daemon::api {
namespace {

struct Target {
  std::string org;
  std::string group;
  std::string user;
};

Target target_of(Request& request) {
  return {request.captures["org"], request.captures["group"], request.captures["user"]};
}

Result<Response> list_groups(storage::Store& store, const Identity& who, const std::string& org) {
  WAAG_TRY(const auto row, visible_org(store, who, org));
  WAAG_TRY(const auto groups, store.groups().list(row.name));
  hub::JsonWriter json;
  json.begin_array();
  for (const auto& group : groups) {
    json.begin_object().field("name", group.name);
    if (group.role) json.field("role", role_name(*group.role));
    WAAG_TRY(const auto members, store.groups().members(row.name, group.name));
    json.key("members").begin_array();
    for (const auto& member : members) json.string(member);
    json.end_array().end_object();
  }
  json.end_array();
  return json_response(json.take());
}

Result<Response> save_group(App& app, const Identity& who, const Target& target,
                            std::optional<storage::Role> role) {
  WAAG_TRY(const auto org, administered_org(app.store, who, target.org));
  if (!check_user_name(target.group)) return fail(Errc::invalid_argument, "Invalid group name");
  WAAG_CHECK(app.store.groups().put(org.name, {target.group, role, app.clock.now()}));
  app.auth.forget_all();
  hub::JsonWriter json;
  json.begin_object().field("org", org.name).field("name", target.group);
  if (role) json.field("role", role_name(*role));
  json.end_object();
  return json_response(json.take());
}

Result<Response> end_group(App& app, const Identity& who, const Target& target) {
  WAAG_TRY(const auto org, administered_org(app.store, who, target.org));
  WAAG_CHECK(app.store.groups().remove(org.name, target.group));
  app.auth.forget_all();
  return json_response(R"({"success":true})");
}

Result<Response> change_members(App& app, const Identity& who, const Target& target, bool joins) {
  WAAG_TRY(const auto org, administered_org(app.store, who, target.org));
  auto& groups = app.store.groups();
  if (joins) {
    WAAG_CHECK(groups.add_member(org.name, target.group, target.user));
  } else {
    WAAG_CHECK(groups.remove_member(org.name, target.group, target.user));
  }
  app.auth.forget_user(target.user);
  return json_response(R"({"success":true})");
}

Reply change_members_later(App& app, Request request, bool joins) {
  auto work = [&app, who = request.who, target = target_of(request), joins] {
    return change_members(app, who, target, joins);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace

Reply get_groups(App& app, Request request) {
  auto work = [&store = app.store, who = request.who, org = request.captures["org"]] {
    return list_groups(store, who, org);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply put_group(App& app, Request request) {
  WAAG_CO_TRY(const auto body, co_await read_json(request, account_body_bytes_max));
  WAAG_CO_TRY(const auto text, text_field(body, "role"));
  std::optional<storage::Role> role;
  if (text) {
    WAAG_CO_TRY(role, parse_role("role", *text));
  }
  auto work = [&app, who = request.who, target = target_of(request), role] {
    return save_group(app, who, target, role);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply delete_group(App& app, Request request) {
  auto work = [&app, who = request.who, target = target_of(request)] {
    return end_group(app, who, target);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply put_group_member(App& app, Request request) {
  return change_members_later(app, std::move(request), /*joins=*/true);
}

Reply delete_group_member(App& app, Request request) {
  return change_members_later(app, std::move(request), /*joins=*/false);
}

}  // namespace waag::daemon::api
