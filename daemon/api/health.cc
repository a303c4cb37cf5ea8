#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/jobs/jobs.h"
#include "daemon/mirror/mirror.h"
#include "daemon/observe/metrics.h"

namespace waag::daemon::api {
namespace {

/// One check of /readyz; the text of a failure is for operators and names no path.
boost::json::object check(const Status& status) {
  boost::json::object json;
  json["ok"] = status.has_value();
  if (!status)
    json["problem"] = status.error().code == Errc::no_space ? "below the free-space reserve"
                                                            : "the store cannot be written";
  return json;
}

std::vector<Metrics::Gauges::Jobs> count_jobs(const Jobs& jobs) {
  std::vector<Metrics::Gauges::Jobs> gauges;
  for (auto& row : jobs.counts())
    gauges.push_back({std::move(row.kind), storage::job_state_name(row.state),
                      storage::is_over(row.state), row.count});
  return gauges;
}

std::vector<Metrics::Gauges::Upstream> count_upstreams(const Mirror& mirror) {
  std::vector<Metrics::Gauges::Upstream> gauges;
  for (const auto& hub : mirror.upstreams().all()) {
    const auto seen = hub->governor().snapshot();
    Metrics::Gauges::Upstream row;
    row.url = hub->base_url();
    row.down = seen.state == Governor::State::open;
    row.calls = seen.calls;
    row.failures = seen.failures;
    row.bytes = seen.bytes;
    for (const auto& bucket : seen.buckets) row.limited += bucket.limited;
    gauges.push_back(std::move(row));
  }
  return gauges;
}

}  // namespace

Reply get_healthz(App&, Request) { co_return text_response("ok\n"); }

Reply get_readyz(App& app, Request) {
  auto ask = [&store = app.store] { return store.writable(); };
  const auto writable = co_await offload(app.blocking, std::move(ask));
  boost::json::object checks;
  checks["store_writable"] = check(writable);
  boost::json::object json;
  json["ready"] = writable.has_value();
  json["checks"] = std::move(checks);
  co_return json_response(boost::json::serialize(json), writable ? 200 : 503);
}

Reply get_metrics(App& app, Request) {
  auto count = [&jobs = *app.jobs] { return count_jobs(jobs); };
  auto job_gauges = co_await offload(app.blocking, std::move(count));
  auto ask = [&store = app.store] { return store.stats(); };
  WAAG_CO_TRY(const auto stats, co_await offload(app.blocking, std::move(ask)));
  Metrics::Gauges gauges;
  gauges.store_logical_bytes = stats.logical_bytes;
  gauges.store_physical_bytes = stats.pack_bytes;
  gauges.store_free_bytes = stats.free_bytes;
  gauges.repos = stats.repos;
  gauges.jobs = std::move(job_gauges);
  if (app.mirror) {
    gauges.upstreams = count_upstreams(*app.mirror);
    gauges.fills = app.mirror->fills().running().size();
    if (const auto* traffic = app.mirror->xet_traffic())
      gauges.xet_bytes =
          Metrics::Gauges::XetBytes{traffic->bytes(XetRoad::plain), traffic->bytes(XetRoad::xet),
                                    traffic->bytes(XetRoad::local)};
  }
  auto response = text_response(app.metrics.text(gauges));
  response.headers.set("Content-Type",
                       "application/openmetrics-text; version=1.0.0; charset=utf-8");
  co_return response;
}

}  // namespace waag::daemon::api
