#include "daemon/api/handlers.h"
#include "daemon/http/routes/families.h"

namespace waag::daemon::families {

namespace {

/// Weights go through LFS: what is pushed itself is text.
constexpr std::uint64_t push_bytes_max = 8ull << 30;

}  // namespace

Family git() {
  return {
      {Method::get, "/{web}/{ns}/{name.git}/info/refs", "git_refs", Policy::read_repo, no_body,
       api::get_git_refs, "git: refs and capabilities (service); protocol versions 0, 1 and 2."},
      {Method::post, "/{web}/{ns}/{name.git}/git-upload-pack", "git_upload_pack", Policy::read_repo,
       Limits{32u << 20}, api::post_git_upload_pack,
       "git clone and fetch: the pack is made while it is sent."},
      {Method::post, "/{web}/{ns}/{name.git}/git-receive-pack", "git_receive_pack",
       Policy::write_repo, Limits{push_bytes_max}, api::post_git_receive_pack,
       "git push: every object is checked before a ref moves."},
      {Method::get, "/api/waag/v1/repos/{type}/{ns}/{name}/git/refs", "raw_refs", Policy::read_repo,
       no_body, api::get_raw_refs,
       "For a mirror: the refs, in the form of git's info/refs (version 0)."},
      {Method::post, "/api/waag/v1/repos/{type}/{ns}/{name}/git/objects", "raw_objects",
       Policy::read_repo, Limits{10u << 20}, api::post_raw_objects,
       "For a mirror: want, have (lists of ids): what those reach and these do not, as raw git "
       "objects (format: docs/MIRROR.md)."},
      {Method::get, "/{web}/{ns}/{name}/commit/{rest...}", "commit_page", Policy::read_repo,
       no_body, api::get_commit_page, "A commit as text: id, parents, author, date, message."},
  };
}

}  // namespace waag::daemon::families
