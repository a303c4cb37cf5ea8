#include "daemon/api/common/json_body.h"
#include "daemon/api/convert/convert_handlers.h"
#include "daemon/api/jobs/job_json.h"
#include "daemon/app.h"
#include "daemon/convert/submit.h"

/// Weights in other formats, made from a repo of this hub: POST /api/waag/v1/convert.
namespace waag::daemon::api {
namespace {

constexpr std::size_t body_bytes_max = 64u << 10;
/// Before what a mirror's rule wants: somebody waits for it.
constexpr std::int32_t asked_priority = 10;

}  // namespace

Reply post_conversion(App& app, Request request) {
  WAAG_CO_TRY(const auto body, co_await read_json(request, body_bytes_max));
  WAAG_CO_TRY(const auto wish, ConvertWish::parse(body));
  auto work = [&app, who = request.who, wish, base_url = request.base_url]() -> Result<Response> {
    WAAG_TRY(const auto row, submit_conversion(app, who, wish, base_url, asked_priority));
    return json_response(job_json(row), 202);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
