#include "daemon/api/admin/names.h"
#include "daemon/api/common/json_body.h"
#include "daemon/api/common/target.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "protocol/hub/json_writer.h"

/// Giving a repo another name. Who asks for the old one is sent on by the gate
/// (daemon/auth/moved.h). Source: HUB_API 5.1, 2.1.
namespace waag::daemon::api {
namespace {

constexpr std::size_t body_bytes_max = 1u << 20;

struct Move {
  RepoId from;
  RepoId to;
};

Result<RepoId> id_field(const boost::json::object& body, std::string_view key, RepoType type) {
  WAAG_TRY(const auto text, text_field(body, key));
  const auto quoted = "\"" + std::string(key) + "\"";
  if (!text) return fail(Errc::invalid_argument, quoted + " is missing");
  const auto slash = text->find('/');
  if (slash == std::string::npos)
    return fail(Errc::invalid_argument, quoted + " must be namespace/name");
  auto id = RepoId::make(type, text->substr(0, slash), text->substr(slash + 1));
  if (!id) return fail(Errc::invalid_argument, "Invalid repo name: " + *text);
  return id;
}

Result<Move> parse_move(const boost::json::object& body) {
  WAAG_TRY(const auto type_name, text_field(body, "type"));
  const auto type = parse_repo_type(type_name.value_or("model"));
  if (!type) return fail(Errc::invalid_argument, "\"type\" must be one of [model, dataset, space]");
  Move move;
  WAAG_TRY(move.from, id_field(body, "fromRepo", *type));
  WAAG_TRY(move.to, id_field(body, "toRepo", *type));
  WAAG_CHECK(check_new_repo_name(move.to.name));
  return move;
}

Result<Response> move_repo(storage::Store& store, const Request& request, const Move& move) {
  WAAG_TRY(const auto repo, authorised_repo(store, request.who, move.from, Action::admin));
  const std::string type(to_string(move.to.type));
  if (!may_create_in(request.who, move.to.ns))
    return fail(Errc::forbidden, "You don't have the rights to create a " + type +
                                     " under the namespace \"" + move.to.ns + "\"");
  const auto moved = store.move_repo(repo.uid, move.to);
  if (!moved && moved.error().code == Errc::conflict)
    return fail(Errc::conflict,
                "A " + type + " repository called " + move.to.full_name() + " already exists");
  if (!moved) return moved.error();
  hub::JsonWriter json;
  json.begin_object().field("success", true).field("name", moved->id.full_name());
  json.field("url", repo_url(request.base_url, moved->id)).end_object();
  return json_response(json.take());
}

}  // namespace

Reply post_repo_move(App& app, Request request) {
  WAAG_CO_TRY(const auto body, co_await read_json(request, body_bytes_max));
  WAAG_CO_TRY(auto move, parse_move(body));
  auto work = [&store = app.store, request = std::move(request), move = std::move(move)] {
    return move_repo(store, request, move);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
