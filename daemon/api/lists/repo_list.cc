#include "daemon/api/common/repo_json.h"
#include "daemon/api/common/target.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/catalog/catalog.h"
#include "protocol/http/link_header.h"

/// Lists and searches of repos: pages of the catalogue. Source: HUB_API 4.5.
namespace waag::daemon::api {
namespace {

/// One item; a repo deleted meanwhile is left out, not an error.
Status write_item(App& app, const RepoFields& fields, const ListedRepo& listed,
                  hub::JsonWriter& json) {
  const auto summary = app.catalog->summary(listed);
  if (!summary) return ok();
  std::vector<storage::TreeEntry> files;
  if (fields.needs_files()) {
    const auto snapshot = app.store.snapshot(listed.repo.uid, listed.head);
    if (!snapshot) return ok();
    WAAG_TRY(files, (*snapshot)->list("", /*recursive=*/true, "", 0));
  }
  ShownRepo shown{listed.repo, *summary, listed.popularity, files};
  shown.xet_enabled = app.config.xet.enabled;
  if (fields.has("usedStorage")) {
    WAAG_TRY(shown.used_storage, app.catalog->used_storage(listed.repo.uid, *summary));
  }
  write_repo(json, fields, shown);
  return ok();
}

Result<Response> list_repos(App& app, const Request& request, RepoType type) {
  WAAG_TRY(const auto fields, RepoFields::for_list(request.query, type));
  WAAG_TRY(const auto query, ListQuery::parse(request.query, type));
  WAAG_TRY(const auto page, app.catalog->list(query, request.who));
  hub::JsonWriter json;
  json.begin_array();
  for (const auto& listed : page.repos) WAAG_CHECK(write_item(app, fields, *listed, json));
  json.end_array();
  auto response = json_response(json.take());
  response.headers.set("Vary", "Authorization");
  if (page.next)
    response.headers.set("Link", http::next_link(request.base_url, request.target, "cursor",
                                                 encode_cursor(*page.next)));
  return response;
}

}  // namespace

Reply get_repo_list(App& app, Request request) {
  const auto type = type_of(request);
  auto work = [&app, request = std::move(request), type] { return list_repos(app, request, type); };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
