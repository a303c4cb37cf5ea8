#include "daemon/api/common/target.h"
#include "daemon/api/handlers.h"
#include "daemon/api/xet/hints.h"
#include "daemon/auth/file_access.h"
#include "protocol/hub/json_writer.h"

/// xet-read-token and xet-write-token: a hub token, or none, for a Xet access token. Source:
/// XET 6.1.
namespace waag::daemon::api {
namespace {

Status check_revision(storage::Store& store, const storage::RepoRow& repo,
                      const std::string& revision) {
  const auto found = resolve_revision(store, repo.uid, revision);
  if (!found) return found.error();
  return ok();
}

Response token_reply(const App& app, const Request& request, const storage::RepoRow& repo,
                     XetScope scope) {
  const auto access = make_xet_access(app, request.who, repo, scope);
  const auto expires_s = access.expires.count() / 1000;
  hub::JsonWriter json;
  json.begin_object().field("casUrl", cas_url(app, request)).field("exp", expires_s);
  json.field("accessToken", access.token).end_object();
  auto response = json_response(json.take());
  // huggingface_hub before 1.19 reads the headers, hf_xet and later ones the JSON.
  response.headers.set("X-Xet-Cas-Url", cas_url(app, request));
  response.headers.set("X-Xet-Access-Token", access.token);
  response.headers.set("X-Xet-Token-Expiration", std::to_string(expires_s));
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("Vary", "Authorization");
  return response;
}

Result<Response> read_token(App& app, const Request& request, const RepoId& id) {
  WAAG_TRY(const auto repo, authorised_repo(app.store, request.who, id, Action::read));
  WAAG_CHECK(need_files(app.store, request.who, repo));
  WAAG_CHECK(check_revision(app.store, repo, join_segments(request.rest)));
  return token_reply(app, request, repo, XetScope::read);
}

/// Whoever may commit there may upload; with create_pr whoever may open a pull request.
Result<Response> write_token(App& app, const Request& request, const RepoId& id) {
  auto& store = app.store;
  const auto revision = join_segments(request.rest);
  storage::RepoRow repo;
  if (request.query.flag("create_pr")) {
    WAAG_TRY(repo, authorised_repo(store, request.who, id, Action::open_pull));
  } else {
    WAAG_TRY(repo, authorised_ref(store, request.who, id, revision));
    WAAG_CHECK(check_revision(store, repo, revision));
  }
  const auto scope = upload_scope(request.who, repo);
  if (!scope) return fail(Errc::forbidden, "no right to upload");
  return token_reply(app, request, repo, *scope);
}

using Exchange = Result<Response> (*)(App&, const Request&, const RepoId&);

Task<Result<Response>> exchange(App& app, Request request, Exchange work) {
  if (!app.config.xet.enabled) co_return fail(Errc::not_found, "This hub has no Xet server");
  WAAG_CO_TRY(const auto id, repo_of(request));
  auto job = [&app, request = std::move(request), id, work] { return work(app, request, id); };
  co_return co_await offload(app.blocking, std::move(job));
}

}  // namespace

Reply get_xet_read_token(App& app, Request request) {
  return exchange(app, std::move(request), read_token);
}

Reply get_xet_write_token(App& app, Request request) {
  return exchange(app, std::move(request), write_token);
}

}  // namespace waag::daemon::api
