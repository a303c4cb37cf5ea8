#include <algorithm>

#include "daemon/api/handlers.h"
#include "daemon/api/xet/access.h"
#include "daemon/api/xet/ranges_body.h"
#include "daemon/auth/authenticator.h"
#include "daemon/auth/file_access.h"
#include "daemon/auth/secrets/xet_url.h"
#include "daemon/http/errors.h"

/// The URLs of a reconstruction: parts of xorbs for whoever has the link. Source: XET 5.3.
///
/// A link that is no longer good is always a 403: clients then ask for the reconstruction again,
/// and that answer says what is wrong.
namespace waag::daemon::api {
namespace {

constexpr std::size_t ranges_max = 1024;

/// Whether the one whom the URL was made for may still read files of the repo.
Status check_right(storage::Store& store, const Identity& who, const XetUrlGrant& grant) {
  const auto ended = [] { return fail(Errc::forbidden, "This link is no longer good"); };
  const auto repo = store.find_repo_by_uid(grant.repo_uid);
  if (!repo && repo.error().code != Errc::repo_not_found) return repo.error();
  if (!repo) return ended();
  WAAG_TRY(const bool readable, may_read_files(store, who, *repo));
  return readable ? ok() : Status(ended());
}

bool is_inside(const http::ByteRange& range, const std::vector<http::ByteRange>& all) {
  return std::ranges::any_of(all, [&range](const http::ByteRange& one) {
    return one.first <= range.first && range.last <= one.last;
  });
}

/// What the request asks for, each part of it inside a signed range.
Result<std::vector<http::ByteRange>> asked_ranges(const Request& request, const XetUrlGrant& grant,
                                                  std::uint64_t xorb_bytes) {
  const auto header = request.headers.get("Range");
  if (!header) return grant.ranges;
  WAAG_TRY(auto ranges, http::parse_byte_ranges(*header, xorb_bytes, ranges_max));
  for (const auto& range : ranges)
    if (!is_inside(range, grant.ranges))
      return fail(Errc::forbidden, "This link is for other bytes");
  return ranges;
}

Response not_satisfiable(std::uint64_t xorb_bytes) {
  auto response = error_response(fail(Errc::range_not_satisfiable, "outside the xorb"), Identity{});
  response.headers.set("Content-Range", http::unsatisfied_content_range(xorb_bytes));
  return response;
}

Result<Response> send_data(storage::Store& store, const Request& request, const Identity& who,
                           const XetUrlGrant& grant) {
  WAAG_CHECK(check_right(store, who, grant));
  WAAG_TRY(std::shared_ptr<storage::BlobReader> xorb, store.xet().open_xorb(grant.xorb));
  auto ranges = asked_ranges(request, grant, xorb->size_bytes());
  if (!ranges && ranges.error().code == Errc::range_not_satisfiable)
    return not_satisfiable(xorb->size_bytes());
  if (!ranges) return std::move(ranges).error();
  Response response;
  response.status = 206;
  response.headers.set("Accept-Ranges", "bytes");
  response.headers.set("ETag", "\"" + xet::xet_string(grant.xorb) + "\"");
  response.headers.set("Cache-Control", "private, max-age=31536000, immutable, no-transform");
  response.headers.set("Content-Type", "application/octet-stream");
  if (ranges->size() == 1) {
    const auto range = ranges->front();
    response.headers.set("Content-Range", http::content_range(range, xorb->size_bytes()));
    response.body = BlobBody{std::move(xorb), range.first, range.size_bytes()};
    return response;
  }
  auto body = std::make_shared<RangesBody>(std::move(xorb), *std::move(ranges));
  response.headers.set("Content-Type", RangesBody::content_type());
  const auto bytes = body->size_bytes();
  response.body = StreamBody{std::move(body), bytes};
  return response;
}

Result<XetUrlGrant> open_url(const App& app, const Request& request) {
  const auto good = check_generation(app, request);
  const auto xorb = xet_hash_of<XorbHash>(request, "xorb");
  if (!good || !xorb) return fail(Errc::forbidden, "bad or expired signature");
  return check_xet_url(app.href_key, *xorb, request.query, app.clock.now());
}

}  // namespace

Reply get_xet_data(App& app, Request request) {
  if (!app.config.xet.enabled) co_return fail(Errc::forbidden, "This hub has no Xet server");
  WAAG_CO_TRY(const auto grant, open_url(app, request));
  WAAG_CO_TRY(const auto who, co_await app.auth.identify_holder(grant.token_id));
  const bool open_to_all = app.config.auth.anonymous_read;
  if (who.had_bad_credentials || (who.anonymous() && !open_to_all))
    co_return fail(Errc::forbidden, "This link is no longer good");
  auto work = [&store = app.store, request = std::move(request), who, grant] {
    return send_data(store, request, who, grant);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
