#include "daemon/http/routes.h"

#include <vector>

#include "daemon/api/handlers.h"

/// The one route table, family by family in the order of docs/API.md. The order of rows does not
/// decide which one matches: the longest literal match wins (daemon/http/router.h).
namespace waag::daemon {
namespace {

constexpr Limits no_body{};
/// No object is larger than what the hrefs of a batch can name: 10,000 parts of 5 GiB.
constexpr std::uint64_t lfs_bytes_max = 10'000ull * (5ull << 30);

using Family = std::vector<Route>;

Family health() {
  return {
      {Method::get, "/healthz", "healthz", Policy::none, no_body, api::get_healthz,
       "The process is alive; touches nothing."},
      {Method::get, "/readyz", "readyz", Policy::none, no_body, api::get_readyz,
       "200 if the store can be written, else 503; JSON with each check."},
      {Method::get, "/metrics", "metrics", Policy::none, no_body, api::get_metrics,
       "OpenMetrics text."},
  };
}

Family files() {
  return {
      {Method::get, "/{web}/{ns}/{name}/resolve/{rest...}", "resolve", Policy::read_repo, no_body,
       api::get_resolve, "A file at a revision: HEAD, ranges, ETag, the commit pinned by HEAD."},
      {Method::get, "/api/resolve-cache/{type}/{ns}/{name}/{rest...}", "resolve_cache",
       Policy::read_repo, no_body, api::get_resolve, "The same by commit, for copied URLs."},
      {Method::get, "/{web}/{ns}/{name}/raw/{rest...}", "raw", Policy::read_repo, no_body,
       api::get_raw, "The git blob: of an LFS file its pointer."},
      {Method::get, "/{web}/{name}/resolve/{rest...}", "resolve_short", Policy::read_repo, no_body,
       api::redirect_short_id, "307 from a one-segment id to the repo of that name."},
  };
}

Family metadata() {
  return {
      {Method::get, "/api/{type}", "repo_list", Policy::read_repo, no_body, api::get_repo_list,
       "Repos that the caller may see: search, author, limit, cursor, full."},
      {Method::get, "/api/{type}/{ns}/{name}", "repo_info", Policy::read_repo, no_body,
       api::get_repo_info, "A repo at main: blobs, expand."},
      {Method::get, "/api/{type}/{ns}/{name}/revision/{rest...}", "revision_info",
       Policy::read_repo, no_body, api::get_repo_info, "A repo at a revision: blobs, expand."},
      {Method::get, "/api/{type}/{name}", "repo_info_short", Policy::read_repo, no_body,
       api::redirect_short_id, "307 from a one-segment id."},
      {Method::get, "/api/{type}/{name}/revision/{rest...}", "revision_info_short",
       Policy::read_repo, no_body, api::redirect_short_id, "307 from a one-segment id."},
      {Method::get, "/api/{type}/{name}/tree/{rest...}", "tree_short", Policy::read_repo, no_body,
       api::redirect_short_id, "307 from a one-segment id."},
      {Method::get, "/api/{type}/{ns}/{name}/tree/{rest...}", "tree", Policy::read_repo, no_body,
       api::get_tree, "Entries of a folder: recursive, expand, limit, cursor."},
      {Method::get, "/api/{type}/{ns}/{name}/treesize/{rest...}", "treesize", Policy::read_repo,
       no_body, api::get_tree_size, "Bytes of all files below a path."},
      {Method::post, "/api/{type}/{ns}/{name}/paths-info/{rest...}", "paths_info",
       Policy::read_repo, Limits{4u << 20}, api::post_paths_info,
       "Entries of up to 1000 paths, as a form or JSON; missing ones are left out."},
      {Method::get, "/api/{type}/{ns}/{name}/refs", "refs", Policy::read_repo, no_body,
       api::get_refs, "Branches, tags, converts; pull requests with include_prs."},
      {Method::get, "/api/{type}/{ns}/{name}/commits/{rest...}", "commits", Policy::read_repo,
       no_body, api::get_commits, "History of a revision or of one path, newest first: p, limit."},
      {Method::get, "/api/{type}/{ns}/{name}/auth-check", "auth_check", Policy::read_repo, no_body,
       api::get_auth_check, "200 if the caller may read the repo."},
      {Method::get, "/api/{type}/{ns}/{name}/auth-check/write", "auth_check_write",
       Policy::write_repo, no_body, api::get_auth_check_write,
       "200 if the caller may write to the repo."},
      {Method::get, "/api/{type}/{ns}/{name}/{rest...}", "unsupported", Policy::read_repo, no_body,
       api::refuse_unsupported, "404 for whatever else clients ask of a repo."},
      {Method::post, "/api/{type}/{ns}/{name}/{rest...}", "unsupported_post", Policy::read_repo,
       Limits{1u << 20}, api::refuse_unsupported, "404 for whatever else clients ask of a repo."},
  };
}

Family side_calls() {
  return {
      {Method::get, "/api/whoami-v2", "whoami", Policy::user, no_body, api::get_whoami,
       "The caller and the token."},
      {Method::post, "/api/validate-yaml", "validate_yaml", Policy::none, Limits{16u << 20},
       api::post_validate_yaml, "Problems of a model card's metadata; always JSON."},
      {Method::get, "/api/agent-harnesses", "agent_harnesses", Policy::none, no_body,
       api::get_agent_harnesses, "An empty registry."},
      {Method::get, "/api/telemetry/{rest?...}", "telemetry", Policy::none, no_body,
       api::get_telemetry, "200; nothing is kept."},
  };
}

Family repo_changes() {
  return {
      {Method::post, "/api/repos/create", "repo_create", Policy::user, Limits{32u << 20},
       api::post_repo_create, "A new repo with its initial commit; 409 with the url if it exists."},
      {Method::del, "/api/repos/delete", "repo_delete", Policy::user, Limits{1u << 20},
       api::delete_repo, "Deletes a repo; the body names it."},
      {Method::post, "/api/repos/move", "repo_move", Policy::user, Limits{1u << 20},
       api::post_repo_move, "Not supported yet."},
      {Method::put, "/api/{type}/{ns}/{name}/settings", "repo_settings", Policy::write_repo,
       Limits{1u << 20}, api::put_repo_settings, "private or visibility."},
      {Method::post, "/api/{type}/{ns}/{name}/branch/{rest...}", "branch_create",
       Policy::write_repo, Limits{64u << 10}, api::post_branch, "startingPoint, overwrite."},
      {Method::del, "/api/{type}/{ns}/{name}/branch/{rest...}", "branch_delete", Policy::write_repo,
       Limits{64u << 10}, api::delete_branch, "Any branch but main."},
      {Method::post, "/api/{type}/{ns}/{name}/tag/{rest...}", "tag_create", Policy::write_repo,
       Limits{64u << 10}, api::post_tag, "A tag on the revision in the path."},
      {Method::del, "/api/{type}/{ns}/{name}/tag/{rest...}", "tag_delete", Policy::write_repo,
       Limits{64u << 10}, api::delete_tag, "Deletes a tag."},
  };
}

Family uploads() {
  return {
      {Method::post, "/api/{type}/{ns}/{name}/preupload/{rest...}", "preupload", Policy::write_repo,
       Limits{32u << 20}, api::post_preupload, "Which files of an upload go as LFS."},
      {Method::post, "/api/{type}/{ns}/{name}/commit/{rest...}", "commit", Policy::write_repo,
       Limits{3ull << 29}, api::post_commit, "NDJSON operations as one commit; streamed."},
      {Method::post, "/{web}/{ns}/{name.git}/info/lfs/objects/batch", "lfs_batch",
       Policy::read_repo, Limits{4u << 20}, api::post_lfs_batch,
       "git-lfs batch: basic and multipart uploads, downloads, signed hrefs."},
      {Method::post, "/{web}/{ns}/{name.git}/info/lfs/locks/verify", "lfs_locks_verify",
       Policy::read_repo, Limits{1u << 20}, api::post_lfs_locks_verify, "404: no locks."},
      {Method::get, "/api/waag/v1/lfs/objects/{oid}", "lfs_object_get", Policy::signed_href,
       no_body, api::get_lfs_object, "An object by a batch's href; ranges."},
      {Method::put, "/api/waag/v1/lfs/objects/{oid}", "lfs_object_put", Policy::signed_href,
       Limits{lfs_bytes_max}, api::put_lfs_object, "A whole object, hashed as it comes."},
      {Method::post, "/api/waag/v1/lfs/verify/{oid}", "lfs_verify", Policy::signed_href,
       Limits{64u << 10}, api::post_lfs_verify, "200 if the object has come."},
      {Method::put, "/api/waag/v1/lfs/uploads/{upload}/{part}", "lfs_part", Policy::signed_href,
       Limits{lfs_bytes_max}, api::put_lfs_part, "One part of a multipart upload."},
      {Method::post, "/api/waag/v1/lfs/uploads/{upload}", "lfs_complete", Policy::signed_href,
       Limits{4u << 20}, api::post_lfs_complete, "Joins the parts and verifies the object."},
  };
}

Family administration() {
  return {
      {Method::get, "/api/waag/v1/status", "status", Policy::user, no_body, api::get_status,
       "What the hub holds."},
      {Method::get, "/api/waag/v1/users", "users", Policy::hub_admin, no_body, api::get_users,
       "All users."},
      {Method::post, "/api/waag/v1/users", "user_create", Policy::hub_admin, Limits{64u << 10},
       api::post_user, "name, fullName, email, admin."},
      {Method::del, "/api/waag/v1/users/{user}", "user_disable", Policy::hub_admin,
       Limits{64u << 10}, api::delete_user, "Disables a user: tokens end, repos stay."},
      {Method::get, "/api/waag/v1/tokens", "tokens", Policy::user, no_body, api::get_tokens,
       "The caller's tokens; anyone's (user) for hub admins."},
      {Method::post, "/api/waag/v1/tokens", "token_create", Policy::user, Limits{64u << 10},
       api::post_token, "name, role, days, user; the token is shown once."},
      {Method::del, "/api/waag/v1/tokens/{token}", "token_revoke", Policy::user, Limits{64u << 10},
       api::delete_token, "Ends a token at once."},
  };
}

std::vector<Route> collect() {
  std::vector<Route> all;
  for (const Family& family :
       {health(), files(), metadata(), side_calls(), repo_changes(), uploads(), administration()})
    all.insert(all.end(), family.begin(), family.end());
  return all;
}

}  // namespace

std::span<const Route> routes() {
  static const std::vector<Route> table = collect();
  return table;
}

}  // namespace waag::daemon
