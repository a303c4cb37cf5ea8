#include "storage/meta/tables/likes.h"

#include <algorithm>
#include <charconv>

#include "daemon/api/common/target.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/http/errors.h"
#include "protocol/base64.h"
#include "protocol/http/link_header.h"
#include "protocol/hub/dates.h"
#include "protocol/hub/json_writer.h"

/// Who likes what. Source: HUB_API 4.6.
namespace waag::daemon::api {
namespace {

constexpr std::size_t page_items_max = 1000;
/// Rows of a user's likes that one page looks at: the caller may not see all of the repos.
constexpr std::size_t page_rows_max = 5000;

struct Page {
  std::string after;  // decoded cursor
  std::size_t limit = page_items_max;
};

Result<Page> page_of(const Query& query) {
  Page page;
  if (const auto text = query.get("limit")) {
    const auto* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, page.limit);
    if (error != std::errc{} || stop != end)
      return fail(Errc::invalid_argument, "\"limit\" must be a number");
    page.limit = std::clamp<std::size_t>(page.limit, 1, page_items_max);
  }
  if (const auto cursor = query.get("cursor")) {
    auto after = decode_base64(*cursor);
    if (!after) return fail(Errc::invalid_argument, "Invalid cursor");
    page.after = *std::move(after);
  }
  return page;
}

Response page_response(const Request& request, hub::JsonWriter& json, const std::string& next) {
  auto response = json_response(json.take());
  response.headers.set("Vary", "Authorization");
  if (!next.empty())
    response.headers.set(
        "Link", http::next_link(request.base_url, request.target, "cursor", encode_base64(next)));
  return response;
}

/// A like is the account's own, and a change if a small one: whoever may read the repo may give it,
/// with a token of the whole account that may make changes.
Result<Response> set_like(App& app, const Identity& who, const RepoId& id, bool liked) {
  WAAG_TRY(const auto repo, authorised_repo(app.store, who, id, Action::read));
  if (!who.can_write || is_fine_grained(who))
    return fail(Errc::forbidden, "This token may not change what you like");
  WAAG_CHECK(app.store.likes().set(repo, who.user, liked, app.clock.now()));
  return json_response(R"({"success":true})");
}

Reply set_like(App& app, Request request, bool liked) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  auto work = [&app, who = request.who, id, liked] { return set_like(app, who, id, liked); };
  co_return co_await offload(app.blocking, std::move(work));
}

Result<Response> list_likers(storage::Store& store, const Request& request, const RepoId& id) {
  WAAG_TRY(const auto page, page_of(request.query));
  WAAG_TRY(const auto repo, authorised_repo(store, request.who, id, Action::read));
  WAAG_TRY(auto likers, store.likes().of_repo(repo.uid, page.after, page.limit + 1));
  const bool more = likers.size() > page.limit;
  if (more) likers.resize(page.limit);
  hub::JsonWriter json;
  json.begin_array();
  for (const auto& liker : likers) {
    const auto user = store.find_user(liker.user);
    if (!user && user.error().code == Errc::not_found) continue;
    if (!user) return user.error();
    json.begin_object().field("type", "user").field("user", user->name);
    json.field("fullname", user->full_name.empty() ? user->name : user->full_name);
    json.field("avatarUrl", "").field("likedAt", hub::format_date(liker.at)).end_object();
  }
  json.end_array();
  return page_response(request, json, more ? likers.back().user : "");
}

Result<std::uint64_t> uid_of(const std::string& cursor) {
  std::uint64_t uid = 0;
  const auto* end = cursor.data() + cursor.size();
  const auto [stop, error] = std::from_chars(cursor.data(), end, uid);
  if (!cursor.empty() && (error != std::errc{} || stop != end))
    return fail(Errc::invalid_argument, "Invalid cursor");
  return uid;
}

Result<Response> list_likes(storage::Store& store, const Request& request,
                            const std::string& name) {
  WAAG_TRY(const auto page, page_of(request.query));
  WAAG_TRY(const auto after, uid_of(page.after));
  const auto user = store.find_user(name);
  if (!user && user.error().code == Errc::not_found) return fail(Errc::not_found, "No such user");
  if (!user) return user.error();
  WAAG_TRY(const auto likes, store.likes().of_user(user->name, after, page_rows_max));
  hub::JsonWriter json;
  json.begin_array();
  std::size_t shown = 0;
  std::size_t seen = 0;
  for (; seen < likes.size() && shown < page.limit; ++seen) {
    const auto repo = store.find_repo_by_uid(likes[seen].uid);
    if (!repo && repo.error().code == Errc::repo_not_found) continue;  // in the trash
    if (!repo) return repo.error();
    if (!may(request.who, *repo, Action::read)) continue;
    json.begin_object().field("createdAt", hub::format_date(likes[seen].at));
    json.key("repo").begin_object().field("name", repo->id.full_name());
    json.field("type", to_string(repo->id.type)).end_object().end_object();
    ++shown;
  }
  json.end_array();
  const bool more = seen < likes.size() || likes.size() == page_rows_max;
  return page_response(request, json, more ? std::to_string(likes[seen - 1].uid) : "");
}

}  // namespace

Reply post_like(App& app, Request request) { return set_like(app, std::move(request), true); }

Reply delete_like(App& app, Request request) { return set_like(app, std::move(request), false); }

Reply redirect_short_like(App& app, Request request) {
  if (request.captures["name"] != "like") {
    auto response = refusal(405, "Method not allowed");
    response.headers.set("Allow", "GET, HEAD, OPTIONS");
    co_return response;
  }
  request.captures["name"] = request.captures["ns"];
  request.captures.erase("ns");
  co_return co_await redirect_short_id(app, std::move(request));
}

Reply get_likers(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  auto work = [&store = app.store, request = std::move(request), id] {
    return list_likers(store, request, id);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply get_user_likes(App& app, Request request) {
  auto name = request.captures["user"];
  auto work = [&store = app.store, request = std::move(request), name = std::move(name)] {
    return list_likes(store, request, name);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
