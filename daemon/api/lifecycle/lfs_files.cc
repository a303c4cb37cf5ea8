#include <algorithm>
#include <charconv>

#include <boost/json/array.hpp>

#include "daemon/api/common/json_body.h"
#include "daemon/api/common/target.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "protocol/base64.h"
#include "protocol/http/link_header.h"
#include "protocol/hub/dates.h"
#include "protocol/hub/json_writer.h"

/// What a repo's history holds as LFS files, and getting rid of it. Source: HUB_API 4.4.
namespace waag::daemon::api {
namespace {

constexpr std::size_t body_bytes_max = 1u << 20;
constexpr std::size_t page_files_max = 1000;
constexpr std::size_t deletions_max = 10'000;

/// Where a page begins: right after this file.
struct Place {
  std::string path;
  BlobId id;
  auto operator<=>(const Place&) const = default;
};

Place place_of(const storage::LfsFile& file) { return {file.path, file.id}; }

struct Page {
  std::optional<Place> after;
  std::size_t limit = page_files_max;
};

Result<Page> page_of(const Query& query) {
  Page page;
  if (const auto text = query.get("limit")) {
    const auto* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, page.limit);
    if (error != std::errc{} || stop != end)
      return fail(Errc::invalid_argument, "\"limit\" must be a number");
    page.limit = std::clamp<std::size_t>(page.limit, 1, page_files_max);
  }
  if (const auto cursor = query.get("cursor")) {
    constexpr auto digits = 2 * BlobId::size_bytes;
    const auto text = decode_base64(*cursor);
    if (!text || text->size() < digits) return fail(Errc::invalid_argument, "Invalid cursor");
    const auto id = BlobId::parse(std::string_view(*text).substr(0, digits));
    if (!id) return fail(Errc::invalid_argument, "Invalid cursor");
    page.after = Place{text->substr(digits), *id};
  }
  return page;
}

/// "main": clients before 1.0 know branches by their short names only.
std::string short_branch(const std::string& ref) {
  constexpr std::string_view branches = "refs/heads/";
  return ref.starts_with(branches) ? ref.substr(branches.size()) : ref;
}

void write_file(hub::JsonWriter& json, const storage::LfsFile& file) {
  // One id serves both: what is deleted is the content, wherever it stands.
  json.begin_object().field("fileOid", file.id.hex()).field("filename", file.path);
  json.field("oid", file.id.hex()).field("pushedAt", hub::format_date(file.pushed));
  json.field("ref", short_branch(file.ref)).field("size", file.size_bytes).end_object();
}

Result<Response> list_files(storage::Store& store, const Request& request, const RepoId& id) {
  WAAG_TRY(const auto page, page_of(request.query));
  WAAG_TRY(const auto repo, authorised_repo(store, request.who, id, Action::read));
  WAAG_TRY(const auto files, store.list_lfs_files(repo.uid));
  auto at = files.begin();
  if (page.after) at = std::ranges::upper_bound(files, *page.after, {}, place_of);
  const auto rest = static_cast<std::size_t>(files.end() - at);
  const auto end = at + static_cast<std::ptrdiff_t>(std::min(page.limit, rest));
  hub::JsonWriter json;
  json.begin_array();
  for (; at != end; ++at) write_file(json, *at);
  json.end_array();
  auto response = json_response(json.take());
  response.headers.set("Vary", "Authorization");
  if (end != files.end()) {
    const auto& last = *(end - 1);
    response.headers.set("Link", http::next_link(request.base_url, request.target, "cursor",
                                                 encode_base64(last.id.hex() + last.path)));
  }
  return response;
}

Result<std::set<BlobId>> parse_deletions(const boost::json::object& body) {
  const auto* deletions = body.if_contains("deletions");
  if (deletions == nullptr || !deletions->is_object())
    return fail(Errc::invalid_argument, "\"deletions\" must be an object");
  WAAG_TRY(const auto rewrite, bool_field(deletions->as_object(), "rewriteHistory"));
  // Commits that name bytes which are gone would fail every clone.
  if (!rewrite.value_or(false))
    return fail(Errc::invalid_argument,
                "This hub deletes LFS files only with \"rewriteHistory\": true");
  const auto* list = deletions->as_object().if_contains("sha");
  if (list == nullptr || !list->is_array() || list->as_array().size() > deletions_max)
    return fail(Errc::invalid_argument, "\"sha\" must be an array of at most 10000 ids");
  std::set<BlobId> files;
  for (const auto& item : list->as_array()) {
    if (!item.is_string()) return fail(Errc::invalid_argument, "\"sha\" must hold texts");
    const auto id = BlobId::parse(std::string_view(item.as_string()));
    if (!id) return fail(Errc::invalid_argument, "\"sha\" must hold SHA-256 ids");
    files.insert(*id);
  }
  return files;
}

Result<Response> remove_files(storage::Store& store, const Identity& who, const RepoId& id,
                              const std::set<BlobId>& files) {
  WAAG_TRY(const auto repo, authorised_repo(store, who, id, Action::write));
  WAAG_CHECK(store.remove_lfs_files({repo.uid, files, who.user}));
  return json_response(R"({"success":true})");
}

}  // namespace

Reply get_lfs_files(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  auto work = [&store = app.store, request = std::move(request), id] {
    return list_files(store, request, id);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply post_lfs_files_batch(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  WAAG_CO_TRY(const auto body, co_await read_json(request, body_bytes_max));
  WAAG_CO_TRY(auto files, parse_deletions(body));
  auto work = [&store = app.store, who = request.who, id, files = std::move(files)] {
    return remove_files(store, who, id, files);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
