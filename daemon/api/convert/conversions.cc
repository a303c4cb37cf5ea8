#include "daemon/api/common/json_body.h"
#include "daemon/api/convert/convert_handlers.h"
#include "daemon/api/jobs/job_json.h"
#include "daemon/app.h"
#include "daemon/convert/submit.h"
#include "daemon/mirror/mirror.h"

/// Weights in other formats, made from a repo of this hub or of an upstream:
/// POST /api/waag/v1/convert.
namespace waag::daemon::api {
namespace {

constexpr std::size_t body_bytes_max = 64u << 10;
/// Before what a mirror's rule wants: somebody waits for it.
constexpr std::int32_t asked_priority = 10;

/// Has the source looked up at the upstream, as if it were read.
Task<Prepared> look_up(App& app, const ConvertWish& wish, const Identity& who) {
  if (!app.mirror) co_return Prepared{};
  AskedRevision asked;
  asked.repo = wish.source;
  asked.revision = wish.revision;
  co_return co_await app.mirror->prepare(std::move(asked), who);
}

}  // namespace

Reply post_conversion(App& app, Request request) {
  WAAG_CO_TRY(const auto body, co_await read_json(request, body_bytes_max));
  WAAG_CO_TRY(const auto wish, ConvertWish::parse(body));
  const auto prepared = co_await look_up(app, wish, request.who);
  if (prepared.trouble) co_return *prepared.trouble;
  auto work = [&app, who = request.who, wish, base_url = request.base_url]() -> Result<Response> {
    WAAG_TRY(const auto row, submit_conversion(app, who, wish, base_url, asked_priority));
    return json_response(job_json(row), 202);
  };
  auto response = co_await offload(app.blocking, std::move(work));
  if (response) tell_age(prepared, response->headers);
  co_return response;
}

}  // namespace waag::daemon::api
