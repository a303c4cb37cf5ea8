#include <algorithm>
#include <charconv>

#include "daemon/api/common/entries.h"
#include "daemon/api/common/target.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "protocol/http/link_header.h"
#include "protocol/hub/dates.h"

/// refs and commits. Source: HUB_API 4.4.
namespace waag::daemon::api {
namespace {

constexpr std::size_t page_commits_default = 50;
constexpr std::size_t page_commits_max = 1000;

void write_refs(hub::JsonWriter& json, std::string_view key, std::string_view prefix,
                bool full_names, const std::vector<storage::Ref>& refs) {
  json.key(key).begin_array();
  for (const auto& ref : refs) {
    if (!ref.name.starts_with(prefix)) continue;
    const auto name = full_names ? ref.name : ref.name.substr(prefix.size());
    json.begin_object().field("name", name).field("ref", ref.name);
    json.field("targetCommit", ref.row.target.hex()).end_object();
  }
  json.end_array();
}

Result<Response> list_refs(storage::Store& store, const Request& request, const RepoId& id) {
  WAAG_TRY(const auto repo, authorised_repo(store, request.who, id, Action::read));
  WAAG_TRY(const auto refs, store.list_refs(repo.uid));
  hub::JsonWriter json;
  json.begin_object();
  write_refs(json, "branches", "refs/heads/", false, refs);
  write_refs(json, "converts", "refs/convert/", false, refs);
  write_refs(json, "tags", "refs/tags/", false, refs);
  if (request.query.flag("include_prs")) write_refs(json, "pullRequests", "refs/pr/", true, refs);
  json.end_object();
  return json_response(json.take());
}

struct Page {
  std::size_t number = 0;
  std::size_t limit = page_commits_default;
};

Result<std::size_t> number_of(const Query& query, std::string_view key, std::size_t otherwise) {
  const auto text = query.get(key);
  if (!text) return otherwise;
  std::size_t value = 0;
  const auto* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc{} || stop != end || value > 1'000'000'000)
    return fail(Errc::invalid_argument, "\"" + std::string(key) + "\" must be a number");
  return value;
}

Result<Page> page_of(const Query& query) {
  Page page;
  WAAG_TRY(page.number, number_of(query, "p", 0));
  WAAG_TRY(page.limit, number_of(query, "limit", page_commits_default));
  page.limit = std::clamp<std::size_t>(page.limit, 1, page_commits_max);
  return page;
}

std::string commits_json(const std::vector<storage::CommitInfo>& commits, bool formatted) {
  hub::JsonWriter json;
  json.begin_array();
  for (const auto& commit : commits) {
    const auto title = title_of(commit.message);
    const auto body = body_of(commit.message);
    json.begin_object().field("id", commit.id.hex()).field("title", title).field("message", body);
    json.key("authors").begin_array().begin_object().field("user", commit.author_name);
    json.end_object().end_array().field("date", hub::format_date(commit.date));
    if (formatted) {
      json.key("formatted").begin_object().field("title", title).field("message", body);
      json.end_object();
    }
    json.end_object();
  }
  json.end_array();
  return json.take();
}

bool asks_formatted(const Query& query) {
  const auto asked = query.all("expand");
  return std::ranges::find(asked, "formatted") != asked.end();
}

Result<storage::PathCommits> find_commits(storage::Store& store, const Reading& at,
                                          const Page& page) {
  const auto uid = at.repo.uid;
  const auto& from = at.revision.commit;
  const auto skip = page.number * page.limit;
  if (!at.path.empty()) return store.path_history(uid, from, at.path, skip, page.limit);
  storage::PathCommits found;
  WAAG_TRY(found.total, store.history_length(uid, from));
  WAAG_TRY(found.commits, store.history(uid, from, skip, page.limit));
  found.more = skip + page.limit < *found.total;
  return found;
}

Result<Response> list_commits(storage::Store& store, const Request& request, const RepoId& id) {
  WAAG_TRY(const auto page, page_of(request.query));
  WAAG_TRY(const auto reading, open_reading(store, request.who, id, request.rest));
  WAAG_TRY(const auto found, find_commits(store, reading, page));
  if (!reading.path.empty() && found.total == 0) return entry_not_found(reading.revision.commit);
  auto response = json_response(commits_json(found.commits, asks_formatted(request.query)));
  if (found.total) response.headers.set("X-Total-Count", std::to_string(*found.total));
  if (found.more)
    response.headers.set("Link", http::next_link(request.base_url, request.target, "p",
                                                 std::to_string(page.number + 1)));
  return response;
}

}  // namespace

Reply get_refs(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  auto work = [&store = app.store, request = std::move(request), id] {
    return list_refs(store, request, id);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply get_commits(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  auto work = [&store = app.store, request = std::move(request), id] {
    return list_commits(store, request, id);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
