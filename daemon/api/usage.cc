#include <algorithm>

#include "daemon/api/common/target.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/catalog/catalog.h"
#include "protocol/hub/json_writer.h"

/// What a repo's files take on disk, under /api/waag/v1/repos.
namespace waag::daemon::api {
namespace {

/// The repos that sharing may be told of. Of others it would say whether they hold bytes that the
/// caller has put into a repo of his own.
Result<storage::Sharers> sharers_for(App& app, const Identity& who) {
  storage::Sharers sharers;
  sharers.all = may_audit(who);
  if (sharers.all) return sharers;
  for (const auto type : {RepoType::model, RepoType::dataset, RepoType::space}) {
    WAAG_TRY(const auto repos, app.catalog->readable(type, who));
    for (const auto& repo : repos) sharers.uids.push_back(repo->repo.uid);
  }
  std::ranges::sort(sharers.uids);
  return sharers;
}

Result<Response> show_usage(App& app, const Request& request, const RepoId& id) {
  const auto& who = request.who;
  WAAG_TRY(const auto repo, authorised_repo(app.store, who, id, Action::read));
  std::optional<storage::Sharers> sharers;
  if (request.query.flag("shared") && (may_audit(who) || may(who, repo, Action::write))) {
    WAAG_TRY(sharers, sharers_for(app, who));
  }
  WAAG_TRY(const auto usage, app.store.repo_usage(repo.uid, sharers));
  hub::JsonWriter json;
  json.begin_object().field("id", repo.id.full_name()).field("files", usage.files);
  json.field("logicalBytes", usage.logical_bytes).field("uniqueBytes", usage.unique_bytes);
  json.field("physicalBytes", usage.physical_bytes);
  if (usage.shared_bytes) json.field("sharedBytes", *usage.shared_bytes);
  json.end_object();
  auto response = json_response(json.take());
  response.headers.set("Vary", "Authorization");
  return response;
}

}  // namespace

Reply get_usage(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  auto work = [&app, request = std::move(request), id] { return show_usage(app, request, id); };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
