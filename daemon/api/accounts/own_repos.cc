#include <algorithm>
#include <cmath>

#include "daemon/api/accounts/support.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/catalog/catalog.h"
#include "protocol/hub/dates.h"
#include "protocol/hub/json_writer.h"
#include "storage/meta/accounts/orgs.h"

/// The repos of a namespace with what each takes. Source: HUB_API 4.6.
namespace waag::daemon::api {
namespace {

struct Item {
  storage::RepoRow repo;
  storage::TimeMs updated{};
  std::uint64_t bytes = 0;
};

/// nullopt if the repo was deleted meanwhile.
Result<std::optional<Item>> measure(App& app, storage::RepoRow repo) {
  const auto head = app.store.resolve(repo.uid, "HEAD");
  if (!head) return std::optional<Item>{};
  const auto snapshot = app.store.snapshot(repo.uid, *head);
  if (!snapshot) return std::optional<Item>{};
  WAAG_TRY(const auto summary, app.catalog->summary(repo, **snapshot));
  WAAG_TRY(const auto bytes, app.catalog->used_storage(repo.uid, *summary));
  return std::optional(Item{std::move(repo), summary->modified, bytes});
}

/// With two decimals, as text of a JSON number.
std::string percent(std::uint64_t bytes, std::uint64_t total_bytes) {
  if (total_bytes == 0) return "0";
  const auto hundredths = static_cast<std::uint64_t>(
      std::llround(static_cast<double>(bytes) * 10'000 / static_cast<double>(total_bytes)));
  const auto fraction = std::to_string(hundredths % 100);
  return std::to_string(hundredths / 100) + "." + (fraction.size() < 2 ? "0" : "") + fraction;
}

Result<Response> list_repos_of(App& app, const Identity& who, std::string_view ns) {
  std::vector<Item> items;
  std::uint64_t total_bytes = 0;
  for (const auto type : {RepoType::model, RepoType::dataset, RepoType::space}) {
    WAAG_TRY(auto repos, readable_repos(app.store, who, type, ns));
    for (auto& repo : repos) {
      WAAG_TRY(auto item, measure(app, std::move(repo)));
      if (!item) continue;
      total_bytes += item->bytes;
      items.push_back(*std::move(item));
    }
  }
  std::ranges::stable_sort(items, std::greater<>(), &Item::bytes);
  hub::JsonWriter json;
  json.begin_array();
  for (const auto& item : items) {
    const bool hidden = item.repo.visibility == storage::Visibility::closed;
    json.begin_object().field("id", item.repo.id.full_name());
    json.field("type", to_string(item.repo.id.type));
    json.field("updatedAt", hub::format_date(item.updated));
    json.field("visibility", hidden ? "private" : "public").field("storage", item.bytes);
    json.key("storagePercent").raw(percent(item.bytes, total_bytes)).end_object();
  }
  json.end_array();
  auto response = json_response(json.take());
  response.headers.set("Vary", "Authorization");
  return response;
}

}  // namespace

Reply get_own_repos(App& app, Request request) {
  auto work = [&app, who = request.who] { return list_repos_of(app, who, who.user); };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply get_org_repos(App& app, Request request) {
  auto work = [&app, who = request.who, name = request.captures["org"]]() -> Result<Response> {
    WAAG_TRY(const auto org, app.store.orgs().find(name));
    return list_repos_of(app, who, org.name);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
