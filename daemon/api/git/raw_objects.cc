#include <boost/json/array.hpp>

#include "daemon/api/common/json_body.h"
#include "daemon/api/common/target.h"
#include "daemon/api/git/refs.h"
#include "daemon/api/git/wire.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "protocol/git/client/ref_advertisement.h"
#include "protocol/git/stream/raw_writer.h"

/// git/refs and git/objects under /api/waag/v1/repos: a repo's whole history for another hub of
/// this kind, without git's protocol, with the rights of a fetch.
namespace waag::daemon::api {
namespace {

using storage::GitFetch;

/// All that a request may name, at 43 bytes each.
constexpr std::size_t body_bytes_max = 10u << 20;

/// Objects, made while they are sent.
class ObjectsBody final : public BodySource {
 public:
  explicit ObjectsBody(std::unique_ptr<storage::ObjectSource> objects)
      : objects_(std::move(objects)) {}
  Result<std::size_t> read(std::span<std::byte> out) override { return objects_->read(out); }

 private:
  std::unique_ptr<storage::ObjectSource> objects_;
};

template <class Id>
Result<std::vector<Id>> ids_of(const boost::json::object& asked, std::string_view key,
                               std::size_t ids_max) {
  std::vector<Id> ids;
  const auto* value = asked.if_contains(key);
  if (value == nullptr) return ids;
  const auto wrong = [&key] {
    return fail(Errc::invalid_argument,
                "\"" + std::string(key) + "\" must be a list of ids of 40 hex digits");
  };
  if (!value->is_array()) return wrong();
  const auto& list = value->get_array();
  if (list.size() > ids_max)
    return fail(Errc::too_large,
                "\"" + std::string(key) + "\" may hold " + std::to_string(ids_max) + " ids");
  ids.reserve(list.size());
  for (const auto& each : list) {
    if (!each.is_string()) return wrong();
    const auto id = Id::parse(std::string_view(each.get_string()));
    if (!id) return wrong();
    ids.push_back(*id);
  }
  return ids;
}

Result<git::FetchRequest> parse_request(const boost::json::object& asked) {
  git::FetchRequest request;
  WAAG_TRY(request.wants, ids_of<GitId>(asked, "want", git::advertised_refs_max));
  WAAG_TRY(request.haves, ids_of<CommitId>(asked, "have", git::raw_haves_max));
  if (request.wants.empty())
    return fail(Errc::invalid_argument, "\"want\" must name at least one object");
  request.done = true;
  return request;
}

Result<Response> show_refs(storage::Store& store, const Request& request, const RepoId& id) {
  WAAG_TRY(const auto repo, git_wire::fetchable_repo(store, request.who, id));
  WAAG_TRY(const auto refs, refs_for_fetch(store, repo.uid));
  auto response = git_wire::reply("application/x-git-upload-pack-advertisement");
  response.body = fetch_advertisement(refs, "symref=HEAD:refs/heads/main object-format=sha1");
  return response;
}

Result<Response> send_objects(storage::Store& store, const Request& request, const RepoId& id,
                              const boost::json::object& asked) {
  WAAG_TRY(const auto repo, git_wire::fetchable_repo(store, request.who, id));
  WAAG_TRY(auto wanted, parse_request(asked));
  WAAG_TRY(const auto fetch, store.git_fetch(repo.uid, std::move(wanted)));
  WAAG_TRY(auto objects, fetch->raw());
  auto response = git_wire::reply(git::raw_type);
  StreamBody body;
  body.source = std::make_shared<ObjectsBody>(std::move(objects));
  response.body = std::move(body);
  return response;
}

}  // namespace

Reply get_raw_refs(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  auto work = [&store = app.store, request = std::move(request), id] {
    return show_refs(store, request, id);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply post_raw_objects(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  auto check = [&store = app.store, who = request.who, id]() -> Status {
    WAAG_CHECK(git_wire::fetchable_repo(store, who, id));
    return ok();
  };
  WAAG_CO_CHECK(co_await offload(app.blocking, std::move(check)));
  WAAG_CO_TRY(auto asked, co_await read_json(request, body_bytes_max));
  auto work = [&store = app.store, request = std::move(request), id, asked = std::move(asked)] {
    return send_objects(store, request, id, asked);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
