#include <charconv>

#include <boost/json/array.hpp>

#include "daemon/api/common/entries.h"
#include "daemon/api/common/json_body.h"
#include "daemon/api/common/last_commits.h"
#include "daemon/api/common/target.h"
#include "daemon/api/handlers.h"
#include "daemon/api/xet/hints.h"
#include "daemon/app.h"
#include "protocol/base64.h"
#include "protocol/http/field.h"
#include "protocol/http/link_header.h"
#include "protocol/http/url_path.h"

/// tree, treesize and paths-info. Source: HUB_API 4.2, 4.3.
namespace waag::daemon::api {
namespace {

constexpr std::size_t page_entries_max = 10'000;
constexpr std::size_t expanded_entries_max = 1000;
constexpr std::size_t paths_max = 1000;
constexpr std::size_t paths_body_bytes_max = 4u << 20;

/// 0 = the whole tree: llama.cpp and others read page one only (HUB_API 1.5).
Result<std::size_t> page_limit(const Query& query) {
  const auto text = query.get("limit");
  if (!text) return std::size_t{0};
  std::size_t limit = 0;
  const auto* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, limit);
  if (error != std::errc{} || stop != end || limit == 0)
    return fail(Errc::invalid_argument, "\"limit\" must be a positive number");
  return std::min(limit, page_entries_max);
}

Result<std::string> cursor_path(const Query& query) {
  const auto cursor = query.get("cursor");
  if (!cursor) return std::string();
  auto path = decode_base64(*cursor);
  if (!path) return fail(Errc::invalid_argument, "Invalid cursor");
  return *std::move(path);
}

Response no_such_path(const Reading& reading) {
  return entry_not_found(reading.revision.commit,
                         reading.path + " does not exist on \"" + reading.revision.text + "\"");
}

bool is_missing(const Error& error) { return error.code == Errc::entry_not_found; }

Result<std::vector<storage::CommitInfo>> commits_of(storage::Store& store, const Reading& reading,
                                                    const std::vector<storage::TreeEntry>& entries,
                                                    bool expand) {
  if (!expand || entries.empty()) return std::vector<storage::CommitInfo>{};
  return last_commits(store, reading.repo.uid, reading.revision.commit, entries);
}

/// @param expand  asked for
Result<EntryExtras> extras_of(const App& app, const Reading& reading,
                              const std::vector<storage::TreeEntry>& entries, bool expand) {
  EntryExtras extras;
  WAAG_TRY(extras.last_commits, commits_of(app.store, reading, entries, expand));
  WAAG_TRY(extras.xet_hashes, xet_hashes(app, reading.repo, entries));
  return extras;
}

Result<Response> list_tree(const App& app, const Request& request, const RepoId& id) {
  const bool expand = request.query.flag("expand");
  WAAG_TRY(const auto asked_limit, page_limit(request.query));
  // Expanded entries cost a look into history: such pages are bounded unasked.
  const auto limit = expand && asked_limit == 0 ? expanded_entries_max : asked_limit;
  WAAG_TRY(const auto after, cursor_path(request.query));
  WAAG_TRY(auto reading, open_reading(app.store, request.who, id, request.rest));
  const auto root = reading.snapshot->stat(reading.path);
  if (!root && !is_missing(root.error())) return root.error();
  if (!root || root->type != storage::TreeEntry::Type::directory) return no_such_path(reading);
  const bool recursive = request.query.flag("recursive");
  WAAG_TRY(auto entries,
           reading.snapshot->list(reading.path, recursive, after, limit == 0 ? 0 : limit + 1,
                                  storage::ListOrder::folders_first));  // as the Hub does
  const bool more = limit != 0 && entries.size() > limit;
  if (more) entries.resize(limit);
  WAAG_TRY(const auto extras, extras_of(app, reading, entries, expand));
  auto response = json_response(tree_json(entries, extras));
  response.headers.set("X-Repo-Commit", reading.revision.commit.hex());
  response.headers.set("Vary", "Authorization");
  if (more) {
    const auto cursor = encode_base64(entries.back().path);
    response.headers.set("Link",
                         http::next_link(request.base_url, request.target, "cursor", cursor));
  }
  return response;
}

Result<Response> size_tree(storage::Store& store, const Request& request, const RepoId& id) {
  WAAG_TRY(auto reading, open_reading(store, request.who, id, request.rest));
  const auto root = reading.snapshot->stat(reading.path);
  if (!root && !is_missing(root.error())) return root.error();
  if (!root) return no_such_path(reading);
  std::uint64_t bytes = root->size_bytes;
  if (root->type == storage::TreeEntry::Type::directory) {
    WAAG_TRY(const auto entries, reading.snapshot->list(reading.path, true, "", 0));
    for (const auto& entry : entries) bytes += entry.size_bytes;
  }
  hub::JsonWriter json;
  json.begin_object().field("path", "/" + reading.path).field("size", bytes).end_object();
  return json_response(json.take());
}

struct Asked {
  std::vector<std::string> paths;
  bool expand = false;
};

Result<Asked> parse_asked_json(const boost::json::object& body) {
  Asked asked;
  const auto* paths = body.if_contains("paths");
  if (paths == nullptr) return fail(Errc::invalid_argument, "\"paths\" is missing");
  if (paths->is_string()) asked.paths.emplace_back(paths->as_string());
  if (paths->is_array())
    for (const auto& path : paths->as_array()) {
      if (!path.is_string()) return fail(Errc::invalid_argument, "\"paths\" must hold strings");
      asked.paths.emplace_back(path.as_string());
    }
  WAAG_TRY(const auto expand, bool_field(body, "expand"));
  asked.expand = expand.value_or(false);
  return asked;
}

Result<Asked> parse_asked_form(std::string_view body) {
  Asked asked;
  WAAG_TRY(const auto pairs, http::parse_form(body));
  for (const auto& [key, value] : pairs) {
    if (key == "paths" || key == "paths[]") asked.paths.push_back(value);
    if (key == "expand") asked.expand = value == "true" || value == "True" || value == "1";
  }
  return asked;
}

Task<Result<Asked>> read_asked(Request& request) {
  const auto type = request.headers.get("Content-Type").value_or("");
  if (http::equal_nocase(type.substr(0, 16), "application/json")) {
    WAAG_CO_TRY(const auto body, co_await read_json(request, paths_body_bytes_max));
    co_return parse_asked_json(body);
  }
  if (!request.body) co_return Asked{};
  WAAG_CO_TRY(const auto body, co_await request.body->read_all(paths_body_bytes_max));
  co_return parse_asked_form(body);
}

std::string without_slashes(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  return std::string(path);
}

Result<Response> look_up_paths(const App& app, const Request& request, const RepoId& id,
                               const Asked& asked) {
  WAAG_TRY(auto reading, open_reading(app.store, request.who, id, request.rest));
  if (!reading.path.empty())
    return fail(
        Errc::revision_not_found,
        "Invalid rev id: " + http::percent_encode(reading.revision.text + "/" + reading.path));
  std::vector<storage::TreeEntry> entries;
  for (const auto& path : asked.paths) {
    const auto plain = without_slashes(path);
    if (plain.empty()) continue;
    auto entry = reading.snapshot->stat(plain);
    if (entry)
      entries.push_back(*std::move(entry));
    else if (!is_missing(entry.error()))
      return std::move(entry).error();
  }
  WAAG_TRY(const auto extras, extras_of(app, reading, entries, asked.expand));
  auto response = json_response(tree_json(entries, extras));
  response.headers.set("X-Repo-Commit", reading.revision.commit.hex());
  return response;
}

}  // namespace

Reply get_tree(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  auto work = [&app, request = std::move(request), id] { return list_tree(app, request, id); };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply get_tree_size(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  auto work = [&store = app.store, request = std::move(request), id] {
    return size_tree(store, request, id);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply post_paths_info(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  WAAG_CO_TRY(auto asked, co_await read_asked(request));
  if (asked.paths.size() > paths_max)
    co_return fail(Errc::invalid_argument, "\"paths\" must hold at most 1000 paths");
  auto work = [&app, request = std::move(request), id, asked = std::move(asked)] {
    return look_up_paths(app, request, id, asked);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
