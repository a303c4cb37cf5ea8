#include "daemon/api/common/entries.h"
#include "daemon/api/common/target.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "protocol/hub/dates.h"

/// GET commit/{rev}: where the links lead that pushes and commits hand out.
namespace waag::daemon::api {
namespace {

Result<Response> show_commit(storage::Store& store, const Request& request, const RepoId& id) {
  WAAG_TRY(const auto at, open_reading(store, request.who, id, request.rest));
  const auto& commit = at.snapshot->commit();
  if (!at.path.empty()) return revision_not_found(at.revision.text + "/" + at.path);
  std::string text = "commit " + commit.id.hex() + "\n";
  for (const auto& parent : commit.parents) text += "parent " + parent.hex() + "\n";
  text += "author " + commit.author_name + "\ndate " + hub::format_date(commit.date) + "\n\n";
  text += commit.message;
  if (!text.ends_with('\n')) text += '\n';
  auto response = text_response(std::move(text));
  response.headers.set("X-Repo-Commit", commit.id.hex());
  return response;
}

}  // namespace

Reply get_commit_page(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  auto work = [&store = app.store, request = std::move(request), id] {
    return show_commit(store, request, id);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
