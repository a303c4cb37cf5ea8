#include "storage/meta/accounts/orgs.h"

#include "daemon/api/accounts/support.h"
#include "daemon/api/admin/names.h"
#include "daemon/api/common/json_body.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/auth/authenticator.h"
#include "daemon/auth/permission.h"
#include "protocol/hub/dates.h"
#include "protocol/hub/json_writer.h"

/// Organisations, under /api/waag/v1.
namespace waag::daemon::api {
namespace {

void write_org(hub::JsonWriter& json, const storage::OrgRow& org) {
  json.begin_object().field("name", org.name).field("fullName", org.full_name);
  json.field("visibility", visibility_name(org.new_repos));
  json.field("createdAt", hub::format_date(org.created)).end_object();
}

Response org_response(const storage::OrgRow& org) {
  hub::JsonWriter json;
  write_org(json, org);
  return json_response(json.take());
}

/// All of them for those who look after the hub, else the caller's own.
Result<Response> list_orgs(storage::Store& store, const Identity& who) {
  std::vector<storage::OrgRow> orgs;
  if (may_audit(who)) {
    WAAG_TRY(orgs, store.orgs().list());
  } else {
    WAAG_TRY(auto memberships, store.orgs().memberships(who.user));
    for (auto& membership : memberships) orgs.push_back(std::move(membership.org));
  }
  hub::JsonWriter json;
  json.begin_array();
  for (const auto& org : orgs) write_org(json, org);
  json.end_array();
  return json_response(json.take());
}

struct NewOrg {
  storage::OrgRow org;
  std::string admin;  // "" = nobody yet
};

Result<NewOrg> parse_org(const boost::json::object& body, storage::TimeMs now) {
  NewOrg wish;
  WAAG_TRY(const auto name, text_field(body, "name"));
  WAAG_TRY(auto full_name, text_field(body, "fullName"));
  WAAG_TRY(const auto admin, text_field(body, "admin"));
  WAAG_TRY(const auto new_repos, new_repos_of(body));
  if (!name) return fail(Errc::invalid_argument, "\"name\" is missing");
  if (!check_user_name(*name)) return fail(Errc::invalid_argument, "Invalid organisation name");
  wish.org.name = *name;
  WAAG_TRY(wish.org.full_name, display_text("fullName", full_name.value_or("")));
  wish.org.new_repos = new_repos.value_or(storage::Visibility::open);
  wish.org.created = now;
  wish.admin = admin.value_or("");
  return wish;
}

Result<Response> add_org(App& app, const NewOrg& wish) {
  const auto added = app.store.orgs().add(wish.org, wish.admin);
  if (!added && added.error().code == Errc::conflict)
    return fail(Errc::conflict,
                "A user or an organisation called " + wish.org.name + " already exists");
  if (!added) return added.error();
  app.auth.forget_user(wish.admin);
  return org_response(wish.org);
}

Result<storage::OrgChange> parse_change(const boost::json::object& body) {
  storage::OrgChange change;
  WAAG_TRY(change.full_name, text_field(body, "fullName"));
  if (change.full_name) WAAG_CHECK(display_text("fullName", *change.full_name));
  WAAG_TRY(change.new_repos, new_repos_of(body));
  return change;
}

Result<Response> change_org(storage::Store& store, const Identity& who, const std::string& name,
                            const storage::OrgChange& change) {
  WAAG_TRY(const auto org, administered_org(store, who, name));
  WAAG_TRY(const auto changed, store.orgs().change(org.name, change));
  return org_response(changed);
}

/// Only when nothing is left in its namespace: repos without an owner would fall to whoever takes
/// the name next.
Result<Response> remove_org(App& app, const Identity& who, const std::string& name) {
  WAAG_TRY(const auto org, app.store.orgs().find(name));
  for (const auto type : {RepoType::model, RepoType::dataset, RepoType::space}) {
    WAAG_TRY(const auto repos, readable_repos(app.store, who, type, org.name));
    if (!repos.empty())
      return fail(Errc::conflict, "The organisation still has repositories, such as " +
                                      repos.front().id.full_name());
  }
  WAAG_CHECK(app.store.orgs().remove(org.name));
  app.auth.forget_all();
  return json_response(R"({"success":true})");
}

}  // namespace

Reply get_orgs(App& app, Request request) {
  auto work = [&store = app.store, who = request.who] { return list_orgs(store, who); };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply post_org(App& app, Request request) {
  WAAG_CO_TRY(const auto body, co_await read_json(request, account_body_bytes_max));
  WAAG_CO_TRY(const auto wish, parse_org(body, app.clock.now()));
  auto work = [&app, wish] { return add_org(app, wish); };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply put_org(App& app, Request request) {
  WAAG_CO_TRY(const auto body, co_await read_json(request, account_body_bytes_max));
  WAAG_CO_TRY(const auto change, parse_change(body));
  auto work = [&store = app.store, who = request.who, org = request.captures["org"], change] {
    return change_org(store, who, org, change);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply delete_org(App& app, Request request) {
  auto work = [&app, who = request.who, org = request.captures["org"]] {
    return remove_org(app, who, org);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
