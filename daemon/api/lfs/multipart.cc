#include <charconv>

#include "daemon/api/common/pump.h"
#include "daemon/api/handlers.h"
#include "daemon/api/lfs/hrefs.h"
#include "daemon/api/lfs/uploads.h"
#include "daemon/auth/file_access.h"
#include "protocol/lfs/batch.h"

/// The parts and the completion of a multipart upload. Source: HUB_API 5.5.
namespace waag::daemon::api {
namespace {

constexpr std::size_t completion_bytes_max = 4u << 20;  // 10,000 parts with their ETags

/// The id in the path; the signature over the path vouches for it.
std::string upload_of(const Request& request) {
  const auto found = request.captures.find("upload");
  return found == request.captures.end() ? std::string() : found->second;
}

Result<std::uint32_t> part_of(const Request& request) {
  const auto found = request.captures.find("part");
  if (found == request.captures.end()) return fail(Errc::not_found, "no such part");
  std::uint32_t number = 0;
  const auto& text = found->second;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && stop == text.data() + text.size();
  if (!whole || number == 0 || number > lfs::part_count_max)
    return fail(Errc::not_found, "no such part");
  return number;
}

Result<std::shared_ptr<std::unique_ptr<Uploads::Part>>> open_part(App& app, const HrefGrant& grant,
                                                                  const std::string& id,
                                                                  std::uint32_t number) {
  WAAG_CHECK(open_href(app.store, grant));
  WAAG_TRY(auto part, app.uploads->open_part(app.store, id, number, app.clock.now()));
  return std::make_shared<std::unique_ptr<Uploads::Part>>(std::move(part));
}

}  // namespace

Reply put_lfs_part(App& app, Request request) {
  const auto id = upload_of(request);
  WAAG_CO_TRY(const auto number, part_of(request));
  WAAG_CO_TRY(const auto grant, lfs_hrefs::check(app, "PUT", lfs_hrefs::part(id, number), request));
  if (!request.body) co_return fail(Errc::invalid_argument, "the request has no body");
  if (request.body->length().value_or(grant.size_bytes) != grant.size_bytes)
    co_return fail(Errc::unprocessable, "the body is not as long as the part");
  auto open = [&app, grant, id, number = number] { return open_part(app, grant, id, number); };
  WAAG_CO_TRY(const auto part, co_await offload(app.blocking, std::move(open)));
  Sink sink = [part, left = grant.size_bytes](ByteView bytes) mutable -> Status {
    if (bytes.size() > left) return fail(Errc::unprocessable, "the body is longer than the part");
    left -= bytes.size();
    return (*part)->write(bytes);
  };
  WAAG_CO_TRY(const auto size, co_await pump(request.body, app.blocking, std::move(sink)));
  if (size != grant.size_bytes)
    co_return fail(Errc::unprocessable, "the body is not as long as the part");
  auto finish = [&app, part] { return app.uploads->finish_part(app.store, std::move(*part)); };
  WAAG_CO_TRY(const auto etag, co_await offload(app.blocking, std::move(finish)));
  auto response = text_response("");
  response.headers.set("ETag", "\"" + etag + "\"");
  co_return response;
}

Reply post_lfs_complete(App& app, Request request) {
  const auto id = upload_of(request);
  WAAG_CO_TRY(const auto grant, lfs_hrefs::check(app, "POST", lfs_hrefs::upload(id), request));
  if (!request.body) co_return fail(Errc::invalid_argument, "the request has no body");
  WAAG_CO_TRY(const auto body, co_await request.body->read_all(completion_bytes_max));
  WAAG_CO_TRY(const auto completion, lfs::parse_completion(body));
  const auto count = lfs::part_count(grant.size_bytes, lfs::part_bytes(grant.size_bytes));
  if (completion.oid != grant.oid)
    co_return fail(Errc::unprocessable, "\"oid\" is not the object's");
  if (completion.parts.size() != count)
    co_return fail(Errc::invalid_argument, "the upload has " + std::to_string(count) + " parts");
  auto work = [&app, id, grant, count]() -> Status {
    WAAG_CHECK(open_href(app.store, grant));
    return app.uploads->complete(app.store, id, grant, static_cast<std::uint32_t>(count));
  };
  WAAG_CO_CHECK(co_await offload(app.blocking, std::move(work)));
  co_return json_response("{}");
}

}  // namespace waag::daemon::api
