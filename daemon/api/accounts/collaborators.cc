#include "daemon/api/accounts/support.h"
#include "daemon/api/common/json_body.h"
#include "daemon/api/common/target.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/auth/authenticator.h"
#include "protocol/hub/dates.h"
#include "protocol/hub/json_writer.h"
#include "storage/meta/accounts/grants.h"

/// Roles of users and groups on single repos, under /api/waag/v1/repos.
namespace waag::daemon::api {
namespace {

/// From the captures `user` or `group`; a group is one of the namespace that owns the repo.
storage::Grantee grantee_of(Request& request, const RepoId& id) {
  if (const auto group = request.captures.find("group"); group != request.captures.end())
    return {id.ns, group->second};
  return {"", request.captures["user"]};
}

Result<Response> list_collaborators(storage::Store& store, const Identity& who, const RepoId& id) {
  WAAG_TRY(const auto repo, authorised_repo(store, who, id, Action::admin));
  WAAG_TRY(const auto grants, store.grants().on_repo(repo.uid));
  hub::JsonWriter json;
  json.begin_array();
  for (const auto& grant : grants) {
    json.begin_object().field(grant.to.org.empty() ? "user" : "group", grant.to.name);
    json.field("role", role_name(grant.role)).field("since", hub::format_date(grant.since));
    json.end_object();
  }
  json.end_array();
  return json_response(json.take());
}

/// Whose requests must see the change.
void forget(App& app, const storage::Grantee& grantee) {
  if (grantee.org.empty()) return app.auth.forget_user(grantee.name);
  app.auth.forget_all();
}

Result<Response> put_role(App& app, const Identity& who, const RepoId& id,
                          const storage::Grantee& to, storage::Role role) {
  WAAG_TRY(const auto repo, authorised_repo(app.store, who, id, Action::admin));
  WAAG_CHECK(app.store.grants().put(repo.uid, {to, role, app.clock.now()}));
  forget(app, to);
  hub::JsonWriter json;
  json.begin_object().field("repo", repo.id.full_name());
  json.field(to.org.empty() ? "user" : "group", to.name);
  json.field("role", role_name(role)).end_object();
  return json_response(json.take());
}

Result<Response> end_role(App& app, const Identity& who, const RepoId& id,
                          const storage::Grantee& from) {
  WAAG_TRY(const auto repo, authorised_repo(app.store, who, id, Action::admin));
  WAAG_CHECK(app.store.grants().remove(repo.uid, from));
  forget(app, from);
  return json_response(R"({"success":true})");
}

}  // namespace

Reply get_collaborators(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  auto work = [&store = app.store, who = request.who, id] {
    return list_collaborators(store, who, id);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply put_collaborator(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  WAAG_CO_TRY(const auto body, co_await read_json(request, account_body_bytes_max));
  WAAG_CO_TRY(const auto role, role_of(body));
  auto work = [&app, who = request.who, id, to = grantee_of(request, id), role] {
    return put_role(app, who, id, to, role);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply delete_collaborator(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  auto work = [&app, who = request.who, id, from = grantee_of(request, id)] {
    return end_role(app, who, id, from);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
