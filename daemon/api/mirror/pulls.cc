#include <boost/json/serialize.hpp>

#include "daemon/api/common/json_body.h"
#include "daemon/api/jobs/job_json.h"
#include "daemon/api/mirror/mirror_handlers.h"
#include "daemon/app.h"
#include "daemon/auth/permission.h"
#include "daemon/jobs/jobs.h"
#include "daemon/mirror/mirror.h"
#include "daemon/mirror/sync/mirror_spec.h"
#include "storage/meta/accounts/orgs.h"

/// One repo of an upstream, now: POST /api/waag/v1/pulls.
namespace waag::daemon::api {
namespace {

constexpr std::size_t body_bytes_max = 64u << 10;
/// Before what a schedule brings: somebody waits for it.
constexpr std::int32_t pull_priority = 10;

/// Whoever may have content brought by reading it may also ask for all of it.
bool may_pull(const App& app, const Identity& who) {
  if (who.hub_admin) return true;
  const auto& allowed = app.config.mirror.pull_through;
  return (allowed == "anyone" || allowed == "users") && !is_fine_grained(who);
}

/// A name of our own never comes from elsewhere. Of a repo that the caller does not see this says
/// nothing: the job finds it out.
Status check_name(App& app, const Identity& who, const RepoId& id) {
  const auto repo = authorised_repo(app.store, who, id, Action::read);
  if (repo && !repo->mirrored)
    return fail(Errc::conflict, id.full_name() + " is a repo of this hub");
  if (repo) return ok();
  if (app.store.find_user(id.ns) || app.store.orgs().find(id.ns))
    return fail(Errc::conflict, "The namespace " + id.ns + " is one of this hub");
  return ok();
}

Result<Response> submit(App& app, const Identity& who, const MirrorSpec& spec) {
  WAAG_CHECK(check_name(app, who, spec.repo));
  NewJob job;
  job.kind = "mirror";
  job.spec = spec.to_json();
  job.asker = {who.user, who.token_id};
  job.priority = pull_priority;
  // Closed repos come for hub admins alone: their jobs and others' are not the same.
  job.key = (who.hub_admin ? "pull as admin " : "pull ") + boost::json::serialize(job.spec);
  WAAG_TRY(const auto row, app.jobs->submit(std::move(job)));
  return json_response(job_json(row), 202);
}

}  // namespace

Reply post_pull(App& app, Request request) {
  WAAG_CO_TRY(const auto body, co_await read_json(request, body_bytes_max));
  if (!app.mirror) co_return fail(Errc::invalid_argument, "This hub has no upstream");
  if (!may_pull(app, request.who))
    co_return fail(Errc::forbidden, "Only hub admins bring repos of an upstream here");
  WAAG_CO_TRY(const auto spec, MirrorSpec::parse(body));
  auto work = [&app, who = request.who, spec] { return submit(app, who, spec); };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
