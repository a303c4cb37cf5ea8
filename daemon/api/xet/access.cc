#include "daemon/api/xet/access.h"

#include "daemon/auth/file_access.h"

namespace waag::daemon {
namespace {

/// What the token's holder must have the right to do.
Result<Action> action_for(XetScope scope, XetNeed need) {
  if (need != XetNeed::write) return Action::read;
  if (scope == XetScope::read) return fail(Errc::forbidden, "This Xet token is for reading");
  return scope == XetScope::write ? Action::write : Action::open_pull;
}

}  // namespace

Result<storage::RepoRow> open_xet_repo(storage::Store& store, const Request& request,
                                       XetNeed need) {
  if (!request.xet) return fail(Errc::unauthenticated, "no Xet token");
  const auto& grant = *request.xet;
  WAAG_TRY(auto repo, store.find_repo_by_uid(grant.repo_uid));
  WAAG_TRY(const auto action, action_for(grant.scope, need));
  WAAG_TRY(repo, authorised_repo(store, request.who, repo.id, action));
  if (repo.uid != grant.repo_uid) return fail(Errc::repo_not_found, "another repo by now");
  if (need == XetNeed::files) WAAG_CHECK(need_files(store, request.who, repo));
  return repo;
}

Status check_generation(const App& app, const Request& request) {
  const auto found = request.captures.find("generation");
  if (found != request.captures.end() && found->second == xet_generation(app.href_key)) return ok();
  return fail(Errc::not_found, "This is another store than the one that was asked for");
}

Error xet_error(Error error) {
  if (error.code == Errc::unprocessable) error.code = Errc::invalid_argument;
  if (error.code == Errc::conflict) error.code = Errc::unavailable;
  return error;
}

}  // namespace waag::daemon
