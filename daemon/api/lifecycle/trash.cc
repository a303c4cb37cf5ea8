#include <algorithm>

#include "daemon/api/admin/names.h"
#include "daemon/api/common/json_body.h"
#include "daemon/api/common/target.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "protocol/http/field.h"
#include "protocol/hub/dates.h"
#include "protocol/hub/json_writer.h"

/// Deleted repos that can still be restored, for hub admins.
namespace waag::daemon::api {
namespace {

constexpr std::size_t body_bytes_max = 64u << 10;

struct Restoration {
  RepoId name;  // that it was deleted under
  RepoId as;
};

Result<Response> list_trash(App& app) {
  WAAG_TRY(const auto trash, app.store.list_trash());
  const auto kept = std::chrono::days(app.config.store.trash_days);
  hub::JsonWriter json;
  json.begin_array();
  for (const auto& row : trash) {
    json.begin_object().field("type", to_string(row.repo.id.type));
    json.field("id", row.repo.id.full_name());
    json.field("private", row.repo.visibility == storage::Visibility::closed);
    json.field("deletedAt", hub::format_date(row.deleted)).field("deletedBy", row.user);
    json.field("goneAt", hub::format_date(row.deleted + kept)).end_object();
  }
  json.end_array();
  return json_response(json.take());
}

/// "ns/name", or a name alone in the namespace `ns`.
Result<RepoId> parse_name(RepoType type, std::string_view ns, std::string_view text) {
  const auto slash = text.find('/');
  const bool whole = slash != std::string_view::npos;
  auto id =
      RepoId::make(type, whole ? text.substr(0, slash) : ns, whole ? text.substr(slash + 1) : text);
  if (!id) return fail(Errc::invalid_argument, "Invalid repo name: " + std::string(text));
  return id;
}

Result<Restoration> parse_restoration(const boost::json::object& body) {
  WAAG_TRY(const auto type_name, text_field(body, "type"));
  WAAG_TRY(const auto name, text_field(body, "name"));
  WAAG_TRY(const auto as, text_field(body, "as"));
  const auto type = parse_repo_type(type_name.value_or("model"));
  if (!type) return fail(Errc::invalid_argument, "\"type\" must be one of [model, dataset, space]");
  if (!name) return fail(Errc::invalid_argument, "\"name\" is missing");
  Restoration wanted;
  WAAG_TRY(wanted.name, parse_name(*type, "", *name));
  wanted.as = wanted.name;
  if (as) {
    WAAG_TRY(wanted.as, parse_name(*type, wanted.name.ns, *as));
    WAAG_CHECK(check_new_repo_name(wanted.as.name));
  }
  return wanted;
}

Result<Response> restore(storage::Store& store, const Request& request, const Restoration& wanted) {
  WAAG_TRY(const auto trash, store.list_trash());
  const auto found = std::ranges::find_if(trash, [&wanted](const auto& row) {
    return row.repo.id.type == wanted.name.type &&
           http::equal_nocase(row.repo.id.full_name(), wanted.name.full_name());
  });
  if (found == trash.end())
    return fail(Errc::not_found, "No repository of that name is in the trash");
  const bool renamed = wanted.as != wanted.name;
  const auto& as = renamed ? wanted.as : found->repo.id;  // in the spelling that it had
  const auto repo = store.restore_repo(found->repo.uid, as);
  if (!repo && repo.error().code == Errc::conflict)
    return fail(Errc::conflict, "A " + std::string(to_string(as.type)) + " repository called " +
                                    as.full_name() + " already exists");
  if (!repo) return repo.error();
  hub::JsonWriter json;
  json.begin_object().field("type", to_string(repo->id.type)).field("id", repo->id.full_name());
  json.field("url", repo_url(request.base_url, repo->id)).end_object();
  return json_response(json.take());
}

}  // namespace

Reply get_trash(App& app, Request) {
  auto work = [&app] { return list_trash(app); };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply post_trash_restore(App& app, Request request) {
  WAAG_CO_TRY(const auto body, co_await read_json(request, body_bytes_max));
  WAAG_CO_TRY(auto wanted, parse_restoration(body));
  auto work = [&store = app.store, request = std::move(request), wanted = std::move(wanted)] {
    return restore(store, request, wanted);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
