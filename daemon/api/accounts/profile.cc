#include <array>

#include "daemon/api/accounts/support.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/auth/rights.h"
#include "protocol/hub/dates.h"
#include "protocol/hub/json_writer.h"
#include "storage/meta/accounts/orgs.h"

/// Users and organisations as the Hub's clients ask for them. Source: HUB_API 4.6.
namespace waag::daemon::api {
namespace {

std::string_view shown_name(std::string_view full_name, std::string_view name) {
  return full_name.empty() ? name : full_name;
}

/// Name, people's name and picture; left open.
void begin_org(hub::JsonWriter& json, const storage::OrgRow& org) {
  json.begin_object().field("type", "org").field("name", org.name);
  json.field("fullname", shown_name(org.full_name, org.name)).field("avatarUrl", "");
}

void begin_user(hub::JsonWriter& json, const storage::UserRow& user) {
  json.begin_object().field("type", "user").field("user", user.name);
  json.field("fullname", shown_name(user.full_name, user.name)).field("avatarUrl", "");
  json.field("isPro", false);
}

void write_scope(hub::JsonWriter& json, const storage::TokenScope& scope) {
  constexpr std::array<std::string_view, 4> permissions{"repo.content.read", "discussion.write",
                                                        "repo.write", "repo.settings"};
  json.begin_object().key("entity").begin_object();
  json.field("type", scope.repo ? to_string(scope.repo->type) : "namespace");
  json.field("name", scope.repo ? scope.repo->full_name() : scope.ns).end_object();
  json.key("permissions").begin_array();
  for (std::size_t i = 0; i <= static_cast<std::size_t>(scope.rights); ++i)
    json.string(permissions.at(i));
  json.end_array().end_object();
}

void write_token(hub::JsonWriter& json, const Identity& who, const storage::TokenRow& token) {
  json.begin_object().field("displayName", who.token_name);
  // Clients know "read", "write" and "fineGrained" only.
  const bool fine = token.role == storage::TokenRole::fine_grained;
  json.field("role", fine ? "fineGrained" : who.can_write ? "write" : "read");
  json.field("createdAt", hub::format_date(token.created));
  if (fine) {
    json.key("fineGrained").begin_object().field("canReadGatedRepos", true);
    json.key("global").begin_array().end_array().key("scoped").begin_array();
    for (const auto& scope : token.scopes) write_scope(json, scope);
    json.end_array().end_object();
  }
  json.end_object();
}

Result<Response> who_am_i(storage::Store& store, const Identity& who) {
  WAAG_TRY(const auto user, store.find_user(who.user));
  WAAG_TRY(const auto token, store.find_token(who.token_id));
  WAAG_TRY(const auto memberships, store.orgs().memberships(user.name));
  hub::JsonWriter json;
  json.begin_object().field("type", "user").field("id", user.name).field("name", user.name);
  json.field("fullname", shown_name(user.full_name, user.name));
  json.field("email", user.email).field("emailVerified", !user.email.empty());
  if (user.service) json.field("service", true);
  json.field("canPay", false).field("isPro", false).key("periodEnd").null();
  json.field("avatarUrl", "").key("orgs").begin_array();
  for (const auto& membership : memberships) {
    begin_org(json, membership.org);
    json.field("id", membership.org.name).field("isEnterprise", false);
    json.field("roleInOrg", role_name(membership.role)).end_object();
  }
  json.end_array().key("auth").begin_object().field("type", "access_token").key("accessToken");
  write_token(json, who, token);
  json.end_object().end_object();
  return json_response(json.take());
}

/// Only repos that the caller may read count.
Status write_counts(hub::JsonWriter& json, storage::Store& store, const Identity& who,
                    std::string_view ns) {
  constexpr std::array<std::pair<const char*, RepoType>, 3> counts{
      {{"numModels", RepoType::model},
       {"numDatasets", RepoType::dataset},
       {"numSpaces", RepoType::space}}};
  for (const auto& [field, type] : counts) {
    WAAG_TRY(const auto repos, readable_repos(store, who, type, ns));
    json.field(field, repos.size());
  }
  return ok();
}

Result<Response> show_user(storage::Store& store, const Identity& who, const std::string& name) {
  WAAG_TRY(const auto user, store.find_user(name));
  if (user.disabled) return fail(Errc::not_found, "no such user");
  WAAG_TRY(const auto memberships, store.orgs().memberships(user.name));
  hub::JsonWriter json;
  begin_user(json, user);
  json.field("createdAt", hub::format_date(user.created));
  WAAG_CHECK(write_counts(json, store, who, user.name));
  json.key("orgs").begin_array();
  for (const auto& membership : memberships) {
    begin_org(json, membership.org);
    json.end_object();
  }
  json.end_array().end_object();
  return json_response(json.take());
}

Result<Response> show_org(storage::Store& store, const Identity& who, const std::string& name) {
  WAAG_TRY(const auto org, store.orgs().find(name));
  WAAG_TRY(const auto members, store.orgs().members(org.name));
  hub::JsonWriter json;
  begin_org(json, org);
  json.field("isVerified", false).field("numUsers", members.size());
  WAAG_CHECK(write_counts(json, store, who, org.name));
  json.end_object();
  return json_response(json.take());
}

Result<Response> show_members(storage::Store& store, const std::string& name) {
  WAAG_TRY(const auto org, store.orgs().find(name));
  WAAG_TRY(const auto members, store.orgs().members(org.name));
  hub::JsonWriter json;
  json.begin_array();
  for (const auto& member : members) {
    WAAG_TRY(const auto user, store.find_user(member.user));
    if (user.disabled) continue;
    begin_user(json, user);
    json.end_object();
  }
  json.end_array();
  return json_response(json.take());
}

}  // namespace

Reply get_whoami(App& app, Request request) {
  auto work = [&store = app.store, who = request.who] { return who_am_i(store, who); };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply get_user_overview(App& app, Request request) {
  auto work = [&store = app.store, who = request.who, user = request.captures["user"]] {
    return show_user(store, who, user);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply get_org_overview(App& app, Request request) {
  auto work = [&store = app.store, who = request.who, org = request.captures["org"]] {
    return show_org(store, who, org);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply get_org_members(App& app, Request request) {
  auto work = [&store = app.store, org = request.captures["org"]] {
    return show_members(store, org);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
