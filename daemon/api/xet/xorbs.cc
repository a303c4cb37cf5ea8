#include "daemon/api/common/pump.h"
#include "daemon/api/handlers.h"
#include "daemon/api/xet/access.h"

/// Xorbs in. A xorb by itself grants nothing: only the terms of a shard, proven by range hashes,
/// make it part of a file. Source: XET 5.5.
namespace waag::daemon::api {
namespace {

using Ingest = std::shared_ptr<storage::XorbIngest>;

Status check_prefix(const Request& request) {
  const auto prefix = request.captures.find("prefix");
  if (prefix != request.captures.end() && prefix->second == "default") return ok();
  return fail(Errc::invalid_argument, "the prefix must be \"default\"");
}

Result<Ingest> begin(storage::Store& store, const Request& request, const XorbHash& hash) {
  WAAG_CHECK(open_xet_repo(store, request, XetNeed::write));
  WAAG_TRY(auto ingest, store.xet().ingest_xorb(hash));
  return Ingest(std::move(ingest));
}

Task<Result<storage::IngestedXorb>> receive(App& app, Request request, XorbHash hash) {
  auto open = [&store = app.store, &request, hash] { return begin(store, request, hash); };
  WAAG_CO_TRY(const auto ingest, co_await offload(app.blocking, std::move(open)));
  Sink sink = [ingest](ByteView bytes) { return ingest->write(bytes); };
  WAAG_CO_CHECK(co_await pump(request.body, app.blocking, std::move(sink)));
  auto finish = [ingest] { return ingest->finish(); };
  co_return co_await offload(app.blocking, std::move(finish));
}

Result<Response> stat_xorb(storage::Store& store, const Request& request) {
  WAAG_CHECK(check_prefix(request));
  WAAG_TRY(const auto hash, xet_hash_of<XorbHash>(request, "xorb"));
  WAAG_CHECK(open_xet_repo(store, request, XetNeed::write));
  WAAG_TRY(const auto xorb, store.xet().open_xorb(hash));
  Response response;
  response.content_length = xorb->size_bytes();
  return response;
}

}  // namespace

Reply post_xet_xorb(App& app, Request request) {
  WAAG_CO_CHECK(check_generation(app, request));
  WAAG_CO_CHECK(check_prefix(request));
  WAAG_CO_TRY(const auto hash, xet_hash_of<XorbHash>(request, "xorb"));
  if (!request.body) co_return fail(Errc::invalid_argument, "the request has no body");
  auto done = co_await receive(app, std::move(request), hash);
  if (!done) co_return xet_error(std::move(done).error());
  co_return json_response(done->was_inserted ? R"({"was_inserted":true})"
                                             : R"({"was_inserted":false})");
}

/// For those alone who may upload, as a POST would tell them too.
Reply head_xet_xorb(App& app, Request request) {
  WAAG_CO_CHECK(check_generation(app, request));
  auto work = [&store = app.store, request = std::move(request)] {
    return stat_xorb(store, request);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
