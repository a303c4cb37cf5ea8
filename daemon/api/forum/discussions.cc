#include <algorithm>
#include <charconv>

#include "daemon/api/common/json_body.h"
#include "daemon/api/common/target.h"
#include "daemon/api/forum/discussion_json.h"
#include "daemon/api/forum/pull_diff.h"
#include "daemon/api/forum/texts.h"
#include "daemon/api/forum/thread.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/auth/file_access.h"
#include "protocol/http/field.h"

/// Listing, opening and reading discussions and pull requests. Source: HUB_API 5.8.
namespace waag::daemon::api {
namespace {

using storage::DiscussionRow;
using storage::DiscussionStatus;

constexpr std::size_t page_size = 50;
/// Commits of a pull request that its details list.
constexpr std::size_t commits_max = 1000;

struct Filter {
  std::string type = "all";
  std::string status = "all";
  std::string author;  // "": any
  std::size_t page = 0;
};

Result<std::string> one_of(const Query& query, std::string_view key,
                           const std::vector<std::string_view>& words) {
  const auto word = query.get(key).value_or("");
  if (word.empty()) return std::string(words.front());
  if (std::ranges::find(words, word) != words.end()) return std::string(word);
  std::string list;
  for (const auto known : words) list += (list.empty() ? "" : ", ") + std::string(known);
  return fail(Errc::invalid_argument, "\"" + std::string(key) + "\" must be one of [" + list + "]");
}

Result<Filter> filter_of(const Query& query) {
  Filter filter;
  WAAG_TRY(filter.type, one_of(query, "type", {"all", "discussion", "pull_request"}));
  WAAG_TRY(filter.status, one_of(query, "status", {"all", "open", "closed"}));
  filter.author = query.get("author").value_or("");
  const auto page = query.get("p").value_or("0");
  const auto [stop, error] = std::from_chars(page.data(), page.data() + page.size(), filter.page);
  if (error != std::errc{} || stop != page.data() + page.size() || filter.page > 1'000'000)
    return fail(Errc::invalid_argument, "\"p\" must be the number of a page");
  return filter;
}

/// Drafts count as open, merged ones as closed, as on the Hub.
bool is_open(const DiscussionRow& row) {
  return row.status == DiscussionStatus::open || row.status == DiscussionStatus::draft;
}

bool fits(const Filter& filter, const DiscussionRow& row) {
  if (filter.type != "all" && (filter.type == "pull_request") != row.is_pull) return false;
  if (filter.status != "all" && (filter.status == "open") != is_open(row)) return false;
  return filter.author.empty() || http::equal_nocase(filter.author, row.author);
}

Result<Response> list(storage::Store& store, const Request& request, const RepoId& id) {
  WAAG_TRY(const auto repo, authorised_repo(store, request.who, id, Action::read));
  WAAG_TRY(const auto filter, filter_of(request.query));
  WAAG_TRY(auto rows, store.discussions().list(repo.uid));
  std::erase_if(rows, [&filter](const DiscussionRow& row) { return !fits(filter, row); });
  std::ranges::reverse(rows);  // newest first
  const auto start = filter.page * page_size;
  hub::JsonWriter json;
  json.begin_object().key("discussions").begin_array();
  for (auto i = start; i < rows.size() && i < start + page_size; ++i) {
    json.begin_object();
    write_discussion(json, repo.id, rows[i]);
    json.end_object();
  }
  json.end_array().field("count", rows.size()).field("start", start).end_object();
  return json_response(json.take());
}

Status write_pull(storage::Store& store, hub::JsonWriter& json, const storage::RepoRow& repo,
                  const DiscussionRow& row, bool with_diff) {
  WAAG_TRY(const auto state, store.pulls().examine(repo.uid, row));
  json.key("changes").begin_object().field("base", row.base);
  if (row.status == DiscussionStatus::merged) json.field("mergeCommitId", row.merge_commit.hex());
  json.end_object().key("filesWithConflicts").begin_array();
  for (const auto& path : state.conflicts) json.string(path);
  json.end_array();
  if (!with_diff) return ok();
  WAAG_TRY(const auto changes, store.pulls().changes(state, diff_files_max));
  WAAG_TRY(const auto diff, pull_diff(store, changes));
  json.field("diff", diff);
  return ok();
}

Result<Response> details(storage::Store& store, const Request& request, const RepoId& id) {
  WAAG_TRY(const auto repo, authorised_repo(store, request.who, id, Action::read));
  WAAG_TRY(const auto row, find_discussion(store, request, repo));
  WAAG_TRY(const auto events, store.discussions().events(repo.uid, row.number));
  std::vector<storage::Pulls::PushedCommit> commits;
  if (row.is_pull) {
    WAAG_TRY(commits, store.pulls().commits(repo.uid, row, commits_max));
  }
  hub::JsonWriter json;
  json.begin_object();
  write_discussion(json, repo.id, row);
  json.key("events");
  write_events(json, row.number, events, commits);
  // The text of a change is content of files: who has no access to a gated repo's gets the rest.
  WAAG_TRY(const bool shows_content, may_read_files(store, request.who, repo));
  const bool with_diff = request.query.flag("diff") && shows_content;
  if (row.is_pull) WAAG_CHECK(write_pull(store, json, repo, row, with_diff));
  json.end_object();
  return json_response(json.take());
}

Result<Response> create(App& app, const Request& request, const RepoId& id,
                        const boost::json::object& body) {
  auto& store = app.store;
  WAAG_TRY(const auto repo, authorised_repo(store, request.who, id, Action::open_pull));
  WAAG_CHECK(check_open_for_discussion(repo));
  WAAG_TRY(const auto title_text, text_field(body, "title"));
  WAAG_TRY(const auto title, check_title(title_text.value_or("")));
  WAAG_TRY(const auto description, text_field(body, "description"));
  WAAG_TRY(const auto text, check_comment(description.value_or("")));
  WAAG_TRY(const auto pull, bool_field(body, "pullRequest"));
  const storage::DiscussionTable::Act act{request.who.user, app.clock.now()};
  DiscussionRow row;
  if (pull.value_or(false)) {
    WAAG_TRY(row, store.pulls().open(repo.uid, act, title, text));
  } else {
    WAAG_TRY(row, store.discussions().create(repo.uid, act, title, text));
  }
  const auto url =
      repo_url(request.base_url, repo.id) + "/discussions/" + std::to_string(row.number);
  hub::JsonWriter json;
  json.begin_object();
  write_discussion(json, repo.id, row);
  json.field("pullRequest", row.is_pull).field("url", url).end_object();
  return json_response(json.take());
}

}  // namespace

Reply get_discussions(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  auto work = [&store = app.store, request = std::move(request), id] {
    return list(store, request, id);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply get_discussion(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  auto work = [&store = app.store, request = std::move(request), id] {
    return details(store, request, id);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply post_discussion(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  WAAG_CO_TRY(auto body, co_await read_json(request, thread_body_bytes_max));
  auto work = [&app, request = std::move(request), id, body = std::move(body)] {
    return create(app, request, id, body);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
