#include <algorithm>
#include <charconv>

#include "daemon/api/common/repo_json.h"
#include "daemon/api/common/target.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/http/errors.h"
#include "protocol/base64.h"
#include "protocol/http/field.h"
#include "protocol/http/link_header.h"
#include "storage/meta/tables/likes.h"

/// Repo info, lists and short ids. Source: HUB_API 4.1, 4.5, 2.1.
namespace waag::daemon::api {
namespace {

constexpr std::size_t list_items_max = 1000;
constexpr std::size_t scan_rows = 1000;         // read from the store at a time
constexpr std::size_t short_id_scans_max = 20;  // of scan_rows each

std::vector<std::string> revision_or_main(const Request& request) {
  return request.rest.empty() ? std::vector<std::string>{"main"} : request.rest;
}

Result<Response> show_repo(storage::Store& store, const Request& request, const RepoId& id) {
  WAAG_TRY(const auto fields, RepoFields::parse(request.query, id.type));
  WAAG_TRY(const auto reading, open_reading(store, request.who, id, revision_or_main(request)));
  if (!reading.path.empty()) return revision_not_found(reading.revision.text + "/" + reading.path);
  std::vector<storage::TreeEntry> files;
  if (fields.needs_files()) {
    WAAG_TRY(files, reading.snapshot->list("", /*recursive=*/true, "", 0));
  }
  hub::JsonWriter json;
  WAAG_TRY(const auto likes, store.likes().count(reading.repo.uid));
  write_repo(json, fields, reading.repo, &reading.snapshot->commit(), files, likes);
  auto response = json_response(json.take());
  response.headers.set("X-Repo-Commit", reading.revision.commit.hex());
  response.headers.set("Vary", "Authorization");
  return response;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

/// What a list asks for.
struct Filter {
  std::string author;                 // lower case; "" = any
  std::vector<std::string> searches;  // lower case; all must occur
  std::string after;                  // full name of the last repo seen
  std::size_t limit = list_items_max;

  [[nodiscard]] bool takes(const storage::RepoRow& repo) const {
    const auto name = lower(repo.id.full_name());
    if (!author.empty() && lower(repo.id.ns) != author) return false;
    return std::ranges::all_of(
        searches, [&name](const auto& part) { return name.find(part) != std::string::npos; });
  }
};

Result<Filter> filter_of(const Query& query) {
  Filter filter;
  filter.author = lower(query.get("author").value_or(""));
  for (const auto text : query.all("search")) filter.searches.push_back(lower(text));
  if (const auto text = query.get("limit")) {
    const auto* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, filter.limit);
    if (error != std::errc{} || stop != end)
      return fail(Errc::invalid_argument, "\"limit\" must be a number");
    filter.limit = std::clamp<std::size_t>(filter.limit, 1, list_items_max);
  }
  if (const auto cursor = query.get("cursor")) {
    auto after = decode_base64(*cursor);
    if (!after) return fail(Errc::invalid_argument, "Invalid cursor");
    filter.after = *std::move(after);
  }
  return filter;
}

/// Repos that pass the filter and that the caller may see: one more than the limit if there are
/// more.
Result<std::vector<storage::RepoRow>> find_repos(storage::Store& store, const Identity& who,
                                                 RepoType type, const Filter& filter) {
  std::vector<storage::RepoRow> found;
  auto after = filter.after;
  while (true) {
    WAAG_TRY(auto rows, store.list_repos(type, after, scan_rows));
    for (auto& row : rows) {
      if (!filter.takes(row) || !may(who, row, Action::read)) continue;
      found.push_back(row);
      if (found.size() > filter.limit) return found;
    }
    if (rows.size() < scan_rows) return found;
    after = rows.back().id.full_name();
  }
}

Result<Response> list_repos(storage::Store& store, const Request& request, RepoType type) {
  WAAG_TRY(const auto fields, RepoFields::for_list(request.query, type));
  WAAG_TRY(const auto filter, filter_of(request.query));
  WAAG_TRY(auto repos, find_repos(store, request.who, type, filter));
  const bool more = repos.size() > filter.limit;
  if (more) repos.resize(filter.limit);
  hub::JsonWriter json;
  json.begin_array();
  for (const auto& repo : repos) {
    // A repo deleted meanwhile is left out, not an error.
    const auto head = store.resolve(repo.uid, "HEAD");
    if (!head) continue;
    const auto snapshot = store.snapshot(repo.uid, *head);
    if (!snapshot) continue;
    std::vector<storage::TreeEntry> files;
    if (fields.needs_files()) {
      WAAG_TRY(files, (*snapshot)->list("", /*recursive=*/true, "", 0));
    }
    WAAG_TRY(const auto likes, store.likes().count(repo.uid));
    write_repo(json, fields, repo, &(*snapshot)->commit(), files, likes);
  }
  json.end_array();
  auto response = json_response(json.take());
  response.headers.set("Vary", "Authorization");
  if (more) {
    const auto cursor = encode_base64(repos.back().id.full_name());
    response.headers.set("Link",
                         http::next_link(request.base_url, request.target, "cursor", cursor));
  }
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
  auto work = [&store = app.store, request = std::move(request), id] {
    return show_repo(store, request, id);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply get_repo_list(App& app, Request request) {
  const auto type = type_of(request);
  auto work = [&store = app.store, request = std::move(request), type] {
    return list_repos(store, request, type);
  };
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
