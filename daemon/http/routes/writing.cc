#include "daemon/api/handlers.h"
#include "daemon/http/routes/families.h"

namespace waag::daemon::families {
namespace {

/// No object is larger than what the hrefs of a batch can name: 10,000 parts of 5 GiB.
constexpr std::uint64_t lfs_bytes_max = 10'000ull * (5ull << 30);

}  // namespace

Family repo_changes() {
  return {
      {Method::post, "/api/repos/create", "repo_create", Policy::user, Limits{32u << 20},
       api::post_repo_create, "A new repo with its initial commit; 409 with the url if it exists."},
      {Method::del, "/api/repos/delete", "repo_delete", Policy::user, Limits{1u << 20},
       api::delete_repo, "Deletes a repo; the body names it."},
      {Method::post, "/api/repos/move", "repo_move", Policy::user, Limits{1u << 20},
       api::post_repo_move, "Not supported yet."},
      {Method::put, "/api/{type}/{ns}/{name}/settings", "repo_settings", Policy::write_repo,
       Limits{1u << 20}, api::put_repo_settings,
       "private or visibility, gated, discussionsDisabled; disabled (hub admins)."},
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

Family access() {
  return {
      {Method::post, "/{web}/{ns}/{name}/ask-access", "access_ask", Policy::user, Limits{64u << 10},
       api::post_ask_access,
       "Asks for the files of a gated repo: JSON or a form with whatever its owner wants to know."},
      {Method::get, "/api/{type}/{ns}/{name}/user-access-request/{status}", "access_list",
       Policy::write_repo, no_body, api::get_access_requests,
       "Requests that are pending, accepted or rejected: limit, cursor."},
      {Method::post, "/api/{type}/{ns}/{name}/user-access-request/handle", "access_handle",
       Policy::write_repo, Limits{64u << 10}, api::post_access_handle,
       "user, status, rejectionReason: moves a request to another list."},
      {Method::post, "/api/{type}/{ns}/{name}/user-access-request/grant", "access_grant",
       Policy::write_repo, Limits{64u << 10}, api::post_access_grant,
       "user: lets in who may not have asked."},
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

}  // namespace waag::daemon::families
