#include <algorithm>

#include "daemon/api/common/repo_json.h"
#include "daemon/api/common/target.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/catalog/catalog.h"
#include "daemon/http/errors.h"
#include "protocol/http/field.h"

/// Repo info and short ids. Source: HUB_API 4.1, 2.1.
namespace waag::daemon::api {
namespace {

constexpr std::size_t scan_rows = 1000;         // read from the store at a time
constexpr std::size_t short_id_scans_max = 20;  // of scan_rows each

std::vector<std::string> revision_or_main(const Request& request) {
  return request.rest.empty() ? std::vector<std::string>{"main"} : request.rest;
}

/// How many models say that they come from this one. Errc as the catalogue's.
Result<std::uint64_t> count_children(Catalog& catalog, const Identity& who, const RepoId& id) {
  WAAG_TRY(const auto models, catalog.readable(RepoType::model, who));
  const auto tag = "base_model:" + id.full_name();
  return static_cast<std::uint64_t>(
      std::ranges::count_if(models, [&tag](const auto& model) { return model->has_tag(tag); }));
}

Result<Response> show_repo(App& app, const Request& request, const RepoId& id) {
  WAAG_TRY(const auto fields, RepoFields::parse(request.query, id.type));
  WAAG_TRY(const auto reading, open_reading(app.store, request.who, id, revision_or_main(request)));
  if (!reading.path.empty()) return revision_not_found(reading.revision.text + "/" + reading.path);
  std::vector<storage::TreeEntry> files;
  if (fields.needs_files()) {
    WAAG_TRY(files, reading.snapshot->list("", /*recursive=*/true, "", 0));
  }
  WAAG_TRY(const auto summary, app.catalog->summary(reading.repo, *reading.snapshot));
  ShownRepo shown{reading.repo, *summary, app.catalog->popularity(reading.repo.uid), files};
  shown.xet_enabled = app.config.xet.enabled;
  if (fields.has("childrenModelCount")) {
    WAAG_TRY(shown.children, count_children(*app.catalog, request.who, reading.repo.id));
  }
  if (fields.has("usedStorage")) {
    WAAG_TRY(shown.used_storage, app.catalog->used_storage(reading.repo.uid, *summary));
  }
  hub::JsonWriter json;
  write_repo(json, fields, shown);
  auto response = json_response(json.take());
  response.headers.set("X-Repo-Commit", reading.revision.commit.hex());
  response.headers.set("Vary", "Authorization");
  return response;
}

/// The one readable repo of that name, whatever its namespace; none if it is ambiguous.
Result<std::optional<RepoId>> find_by_name(storage::Store& store, const Identity& who,
                                           RepoType type, std::string_view name) {
  std::optional<RepoId> found;
  std::string after;
  for (std::size_t scan = 0; scan < short_id_scans_max; ++scan) {
    WAAG_TRY(const auto rows, store.list_repos(type, after, scan_rows));
    for (const auto& row : rows) {
      if (!http::equal_nocase(row.id.name, name) || !may(who, row, Action::read)) continue;
      if (found) return std::optional<RepoId>{};
      found = row.id;
    }
    if (rows.size() < scan_rows) break;
    after = rows.back().id.full_name();
  }
  return found;
}

/// `target` with its first segment that equals the short name replaced.
std::string with_full_name(std::string_view target, const RepoId& id) {
  std::string_view prefix = "/";
  for (const std::string_view before :
       {"/api/models/", "/api/datasets/", "/api/spaces/", "/datasets/", "/spaces/"})
    if (target.starts_with(before)) {
      prefix = before;
      break;
    }
  const auto end = target.find_first_of("/?", prefix.size());
  const auto rest = end == std::string_view::npos ? std::string_view() : target.substr(end);
  return std::string(prefix) + id.full_name() + std::string(rest);
}

}  // namespace

Reply get_repo_info(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  auto work = [&app, request = std::move(request), id] { return show_repo(app, request, id); };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply redirect_short_id(App& app, Request request) {
  auto work = [&store = app.store, who = request.who, type = type_of(request),
               name = request.captures["name"]] { return find_by_name(store, who, type, name); };
  WAAG_CO_TRY(const auto id, co_await offload(app.blocking, std::move(work)));
  if (!id) co_return fail(Errc::repo_not_found, "no repo of this short name");
  auto response = text_response("", 307);
  response.headers.set("Location", with_full_name(request.target, *id));
  response.headers.set("Vary", "Authorization");
  co_return response;
}

Reply refuse_unsupported(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  auto work = [&store = app.store, who = request.who, id] {
    return authorised_repo(store, who, id, Action::read);
  };
  WAAG_CO_TRY(const auto repo, co_await offload(app.blocking, std::move(work)));
  co_return refusal(404, "Not supported by this hub");
}

}  // namespace waag::daemon::api
