#include "daemon/api/common/blob_reply.h"
#include "daemon/api/common/json_body.h"
#include "daemon/api/common/pump.h"
#include "daemon/api/handlers.h"
#include "daemon/api/lfs/hrefs.h"
#include "daemon/auth/file_access.h"
#include "daemon/http/errors.h"
#include "daemon/mirror/mirror.h"

/// LFS objects in and out by signed hrefs, in one piece. Source: HUB_API 5.5.
namespace waag::daemon::api {
namespace {

constexpr std::size_t verify_body_bytes_max = 64u << 10;

Result<BlobId> oid_of(const Request& request) {
  const auto found = request.captures.find("oid");
  const auto oid = BlobId::parse(found == request.captures.end() ? "" : found->second);
  if (!oid) return fail(Errc::not_found, "Object does not exist");
  return oid;
}

Result<std::shared_ptr<storage::Ingest>> open_upload(storage::Store& store,
                                                     const HrefGrant& grant) {
  WAAG_CHECK(open_href(store, grant));
  WAAG_TRY(auto ingest, store.ingest());
  return std::shared_ptr<storage::Ingest>(std::move(ingest));
}

Status finish_upload(storage::Store& store, storage::Ingest& ingest, const HrefGrant& grant) {
  WAAG_CHECK(open_href(store, grant));
  storage::IngestExpect expect;
  expect.id = grant.oid;
  expect.size_bytes = grant.size_bytes;
  auto possession = store.possession(grant.user, grant.repo_uid, grant.oid);
  const auto done = ingest.finish(expect, std::move(possession));
  if (!done) return done.error();
  return ok();
}

/// What a mirrored repo's upstream has still to send: sets the reply's size and body.
Status follow_object(App& app, const HrefTarget& target, const BlobId& oid, BlobReply& reply) {
  const auto& repo = target.repo;
  WAAG_TRY(auto places, app.mirror->find(repo, {oid}));
  if (places.empty()) return fail(Errc::not_found, "Object does not exist");
  reply.size_bytes = places.begin()->second.entry.size_bytes;
  reply.follow = [&app, who = target.who, repo, place = std::move(places.begin()->second)](
                     http::ByteRange range, bool rest) -> Result<std::shared_ptr<AsyncSource>> {
    WAAG_CHECK(app.mirror->may_demand(who));
    WAAG_TRY(auto fill, app.mirror->fill(repo, place.commit, place.entry));
    return app.mirror->follow(std::move(fill), {range.first, range.last + 1}, rest);
  };
  return ok();
}

Result<Response> send_object(App& app, const Request& request, const HrefGrant& grant) {
  auto& store = app.store;
  WAAG_TRY(const auto target, open_href(store, grant));
  WAAG_CHECK(need_files(store, target.who, target.repo));
  BlobReply reply;
  reply.etag = grant.oid.hex();
  bool cold = false;
  if (app.mirror && target.repo.mirrored) {
    WAAG_TRY(const bool shown, store.mirrors().may_show(target.repo.uid, grant.oid));
    cold = !shown;
  }
  if (cold) {
    WAAG_CHECK(follow_object(app, target, grant.oid, reply));
  } else {
    WAAG_TRY(const auto size, store.blob_size(grant.oid));
    if (!size) return fail(Errc::not_found, "Object does not exist");
    reply.size_bytes = *size;
  }
  reply.headers.set("Content-Type", "application/octet-stream");
  reply.headers.set("Cache-Control", "private, no-transform");
  reply.headers.set("Content-Security-Policy", "default-src 'none'; sandbox");
  reply.open = [&store, oid = grant.oid] { return store.open_blob(oid); };
  return blob_response(request, std::move(reply));
}

Result<Response> verify_object(storage::Store& store, const HrefGrant& grant,
                               std::uint64_t size_bytes) {
  WAAG_CHECK(open_href(store, grant));
  WAAG_TRY(const auto held, store.blob_size(grant.oid));
  WAAG_TRY(const auto uploaded, store.has_uploaded(grant.user, grant.repo_uid, grant.oid));
  WAAG_TRY(const auto linked, store.repo_has_blob(grant.repo_uid, grant.oid));
  if (!held || (!uploaded && !linked)) return fail(Errc::not_found, "Object does not exist");
  if (*held != size_bytes) return fail(Errc::unprocessable, "the object has another size");
  return json_response("{}");
}

Result<std::uint64_t> size_field(const boost::json::object& body) {
  const auto* size = body.if_contains("size");
  boost::system::error_code bad;
  const auto bytes = size == nullptr ? 0 : size->to_number<std::uint64_t>(bad);
  if (size == nullptr || bad) return fail(Errc::invalid_argument, "\"size\" must be a number");
  return bytes;
}

}  // namespace

Reply get_lfs_object(App& app, Request request) {
  WAAG_CO_TRY(const auto oid, oid_of(request));
  WAAG_CO_TRY(const auto grant, lfs_hrefs::check(app, "GET", lfs_hrefs::object(oid), request));
  auto work = [&app, request = std::move(request), grant] {
    return send_object(app, request, grant);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply put_lfs_object(App& app, Request request) {
  WAAG_CO_TRY(const auto oid, oid_of(request));
  WAAG_CO_TRY(const auto grant, lfs_hrefs::check(app, "PUT", lfs_hrefs::object(oid), request));
  if (!request.body) co_return fail(Errc::invalid_argument, "the request has no body");
  const auto declared = request.body->length();
  if (declared && *declared != grant.size_bytes)
    co_return fail(Errc::unprocessable, "the body is not as long as the object");
  auto open = [&store = app.store, grant] { return open_upload(store, grant); };
  WAAG_CO_TRY(const auto ingest, co_await offload(app.blocking, std::move(open)));
  // Without a declared length the excess must not be stored before it is noticed.
  Sink sink = [ingest, left = grant.size_bytes](ByteView bytes) mutable -> Status {
    if (bytes.size() > left) return fail(Errc::unprocessable, "the body is longer than the object");
    left -= bytes.size();
    return ingest->write(bytes);
  };
  WAAG_CO_CHECK(co_await pump(request.body, app.blocking, std::move(sink)));
  auto finish = [&store = app.store, ingest, grant] {
    return finish_upload(store, *ingest, grant);
  };
  WAAG_CO_CHECK(co_await offload(app.blocking, std::move(finish)));
  co_return text_response("");
}

Reply post_lfs_verify(App& app, Request request) {
  WAAG_CO_TRY(const auto oid, oid_of(request));
  WAAG_CO_TRY(const auto grant, lfs_hrefs::check(app, "POST", lfs_hrefs::verify(oid), request));
  WAAG_CO_TRY(const auto body, co_await read_json(request, verify_body_bytes_max));
  WAAG_CO_TRY(const auto named, text_field(body, "oid"));
  WAAG_CO_TRY(const auto size_bytes, size_field(body));
  if (named != oid.hex()) co_return fail(Errc::unprocessable, "\"oid\" is not the object's");
  auto work = [&store = app.store, grant, size_bytes] {
    return verify_object(store, grant, size_bytes);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply post_lfs_locks_verify(App&, Request) {
  co_return refusal(404, "Locks are not supported by this hub");
}

}  // namespace waag::daemon::api
