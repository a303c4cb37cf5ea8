#include "daemon/api/common/pump.h"
#include "daemon/api/handlers.h"
#include "daemon/api/xet/access.h"
#include "daemon/api/xet/shard_session.h"

/// Shards in: which chunks make up the files of an upload. Source: XET 5.6, 5.7.
namespace waag::daemon::api {
namespace {

using Session = std::shared_ptr<ShardSession>;

/// The whole body, checked as far as it can be without reading the files.
Task<Result<Session>> receive(App& app, Request request) {
  if (!request.body) co_return fail(Errc::invalid_argument, "the request has no body");
  const auto body = request.body;
  auto open = [&app, request = std::move(request)] { return begin_shard_session(app, request); };
  WAAG_CO_TRY(const auto session, co_await offload(app.blocking, std::move(open)));
  Sink sink = [session](ByteView bytes) { return session->write(bytes); };
  WAAG_CO_CHECK(co_await pump(body, app.blocking, std::move(sink)));
  auto end = [session] { return session->end(); };
  WAAG_CO_CHECK(co_await offload(app.blocking, std::move(end)));
  co_return session;
}

Task<Result<Response>> take_shard(App& app, Request request) {
  WAAG_CO_TRY(const auto session, co_await receive(app, std::move(request)));
  for (bool all = false; !all;) {
    auto verify = [session] { return session->verify(); };
    WAAG_CO_TRY(all, co_await offload(app.blocking, std::move(verify)));
  }
  auto publish = [session] { return session->publish(); };
  WAAG_CO_CHECK(co_await offload(app.blocking, std::move(publish)));
  co_return json_response(session->new_files() > 0 ? R"({"result":1})" : R"({"result":0})");
}

}  // namespace

Reply post_xet_shard(App& app, Request request) {
  WAAG_CO_CHECK(check_generation(app, request));
  auto response = co_await take_shard(app, std::move(request));
  if (!response) co_return xet_error(std::move(response).error());
  co_return response;
}

Reply post_xet_shard_stream(App& app, Request request) {
  WAAG_CO_CHECK(check_generation(app, request));
  auto session = co_await receive(app, std::move(request));
  if (!session) co_return xet_error(std::move(session).error());
  Response response;
  response.headers.set("Content-Type", "application/x-ndjson");
  response.headers.set("Cache-Control", "no-cache");
  StreamBody body;
  body.source = std::make_shared<ShardFrames>(*std::move(session));
  response.body = std::move(body);
  co_return response;
}

}  // namespace waag::daemon::api
