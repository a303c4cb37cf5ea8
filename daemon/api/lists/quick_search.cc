#include <algorithm>
#include <charconv>

#include "daemon/api/common/repo_json.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/catalog/catalog.h"

/// A few repos of each type for what someone types into a search box. Source: HUB_API 4.5.
namespace waag::daemon::api {
namespace {

constexpr std::size_t items_default = 5;
constexpr std::size_t items_max = 20;

std::size_t items_of(const Query& query) {
  std::size_t items = items_default;
  if (const auto text = query.get("limit"))
    std::from_chars(text->data(), text->data() + text->size(), items);
  return std::clamp<std::size_t>(items, 1, items_max);
}

Status write_type(App& app, const Request& request, RepoType type, hub::JsonWriter& json) {
  ListQuery query;
  query.type = type;
  query.searches = {folded(request.query.get("q").value_or(""))};
  query.limit = items_of(request.query);
  WAAG_TRY(const auto page, app.catalog->list(query, request.who));
  json.key(api_plural(type)).begin_array();
  for (const auto& listed : page.repos) {
    json.begin_object().field("_id", object_id_text(listed->repo.uid));
    json.field("id", listed->repo.id.full_name()).end_object();
  }
  json.end_array();
  return ok();
}

Result<Response> search(App& app, const Request& request) {
  const auto wanted = request.query.get("type").value_or("all");
  hub::JsonWriter json;
  json.begin_object();
  for (const auto type : {RepoType::model, RepoType::dataset, RepoType::space})
    if (wanted == "all" || wanted.empty() || wanted == to_string(type) ||
        wanted == api_plural(type))
      WAAG_CHECK(write_type(app, request, type, json));
  json.end_object();
  auto response = json_response(json.take());
  response.headers.set("Vary", "Authorization");
  return response;
}

}  // namespace

Reply get_quick_search(App& app, Request request) {
  auto work = [&app, request = std::move(request)] { return search(app, request); };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
