#include "daemon/api/mirror/mirror_handlers.h"
#include "daemon/http/routes/families.h"

namespace waag::daemon::families {

Family mirrors() {
  constexpr Limits small{64u << 10};
  return {
      {Method::post, "/api/waag/v1/pulls", "pull", Policy::user, small, api::post_pull,
       "repo, type, revision, include, exclude, convert, dry_run: a job that brings it from the "
       "upstream."},
      {Method::get, "/api/waag/v1/mirrors", "mirrors", Policy::audit, no_body, api::get_mirrors,
       "What is mirrored again and again, and when."},
      {Method::post, "/api/waag/v1/mirrors", "mirror_create", Policy::hub_admin, small,
       api::post_mirror,
       "name, repos, type, revisions, include, exclude, convert; every or cron; window (UTC), "
       "rate (bytes a second, or 20M), paused."},
      {Method::get, "/api/waag/v1/mirrors/{mirror}", "mirror", Policy::audit, no_body,
       api::get_mirror, "One of them, with its last run's jobs."},
      {Method::patch, "/api/waag/v1/mirrors/{mirror}", "mirror_change", Policy::hub_admin, small,
       api::patch_mirror, "Any of these fields, but for the name."},
      {Method::del, "/api/waag/v1/mirrors/{mirror}", "mirror_delete", Policy::hub_admin, small,
       api::delete_mirror, "Ends it; what it has brought stays."},
      {Method::post, "/api/waag/v1/mirrors/{mirror}/run", "mirror_run", Policy::hub_admin, small,
       api::post_mirror_run,
       "Submits its jobs now; with dry_run those that only say what there is to bring."},
      {Method::get, "/api/waag/v1/upstreams", "upstreams", Policy::audit, no_body,
       api::get_upstreams,
       "State and budgets of each upstream, files on their way, repos gone there or lacking refs."},
  };
}

}  // namespace waag::daemon::families
