#include "daemon/api/handlers.h"
#include "daemon/http/routes/families.h"

namespace waag::daemon::families {
namespace {

constexpr Limits small_body{64u << 10};

}  // namespace

Family profiles() {
  return {
      {Method::get, "/api/whoami-v2", "whoami", Policy::user, no_body, api::get_whoami,
       "The caller, the caller's organisations and the token."},
      {Method::get, "/api/users/{user}/overview", "user_overview", Policy::user, no_body,
       api::get_user_overview, "A user; counts what the caller may read."},
      {Method::get, "/api/organizations/{org}/overview", "org_overview", Policy::user, no_body,
       api::get_org_overview, "An organisation; counts what the caller may read."},
      {Method::get, "/api/organizations/{org}/members", "org_members", Policy::user, no_body,
       api::get_org_members, "Who is in an organisation."},
      {Method::get, "/api/settings/repositories", "own_repos", Policy::user, no_body,
       api::get_own_repos, "The caller's repos with what each takes."},
      {Method::get, "/api/organizations/{org}/settings/repositories", "org_repos", Policy::user,
       no_body, api::get_org_repos, "Those of an organisation that the caller may read."},
  };
}

Family organisations() {
  return {
      {Method::get, "/api/waag/v1/orgs", "orgs", Policy::user, no_body, api::get_orgs,
       "The caller's organisations; all for hub admins and auditors."},
      {Method::post, "/api/waag/v1/orgs", "org_create", Policy::hub_admin, small_body,
       api::post_org, "name, fullName, visibility of new repos, admin: the first member."},
      {Method::put, "/api/waag/v1/orgs/{org}", "org_change", Policy::user, small_body, api::put_org,
       "fullName, visibility; by its admins."},
      {Method::del, "/api/waag/v1/orgs/{org}", "org_delete", Policy::hub_admin, small_body,
       api::delete_org, "Ends an organisation that has no repos left."},
      {Method::get, "/api/waag/v1/orgs/{org}/members", "members", Policy::user, no_body,
       api::get_members, "Members and their roles; for members."},
      {Method::put, "/api/waag/v1/orgs/{org}/members/{user}", "member_put", Policy::user,
       small_body, api::put_member, "role: read, contribute, write or admin; by admins."},
      {Method::del, "/api/waag/v1/orgs/{org}/members/{user}", "member_delete", Policy::user,
       small_body, api::delete_member, "Takes a member out at once; members may leave."},
      {Method::get, "/api/waag/v1/orgs/{org}/groups", "groups", Policy::user, no_body,
       api::get_groups, "Groups, their roles and members; for members."},
      {Method::put, "/api/waag/v1/orgs/{org}/groups/{group}", "group_put", Policy::user, small_body,
       api::put_group, "role on all repos of the organisation, or none; by admins."},
      {Method::del, "/api/waag/v1/orgs/{org}/groups/{group}", "group_delete", Policy::user,
       small_body, api::delete_group, "Ends a group and its roles."},
      {Method::put, "/api/waag/v1/orgs/{org}/groups/{group}/members/{user}", "group_member_put",
       Policy::user, small_body, api::put_group_member, "Adds a member of the organisation."},
      {Method::del, "/api/waag/v1/orgs/{org}/groups/{group}/members/{user}", "group_member_delete",
       Policy::user, small_body, api::delete_group_member, "Takes a user out of the group."},
  };
}

Family collaborators() {
  return {
      {Method::get, "/api/waag/v1/repos/{type}/{ns}/{name}/collaborators", "collaborators",
       Policy::write_repo, no_body, api::get_collaborators, "Roles on this repo; for its admins."},
      {Method::put, "/api/waag/v1/repos/{type}/{ns}/{name}/collaborators/{user}",
       "collaborator_put", Policy::write_repo, small_body, api::put_collaborator,
       "role of a user on this repo."},
      {Method::del, "/api/waag/v1/repos/{type}/{ns}/{name}/collaborators/{user}",
       "collaborator_delete", Policy::write_repo, small_body, api::delete_collaborator,
       "Ends a user's role on this repo."},
      {Method::put, "/api/waag/v1/repos/{type}/{ns}/{name}/groups/{group}", "repo_group_put",
       Policy::write_repo, small_body, api::put_collaborator,
       "role of a group of the repo's organisation."},
      {Method::del, "/api/waag/v1/repos/{type}/{ns}/{name}/groups/{group}", "repo_group_delete",
       Policy::write_repo, small_body, api::delete_collaborator,
       "Ends a group's role on this repo."},
  };
}

}  // namespace waag::daemon::families
