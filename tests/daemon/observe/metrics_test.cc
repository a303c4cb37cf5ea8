#include "daemon/observe/metrics.h"

#include <catch2/catch.hpp>

namespace waag::daemon {
namespace {

const std::vector<Route>& rows() {
  static const std::vector<Route> table = {
      {Method::get, "/a", "first", Policy::none, {}, nullptr, ""},
      {Method::put, "/b", "second", Policy::none, {}, nullptr, ""}};
  return table;
}

bool has(const std::string& text, const std::string& line) {
  return text.find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("metrics: requests by route, method and code; durations; bytes", "[daemon][metrics]") {
  Metrics metrics(rows());
  Metrics::Done done;
  done.route = &rows()[1];
  done.method = Method::put;
  done.status = 201;
  done.duration = std::chrono::milliseconds(3);
  done.bytes_received = 10;
  done.bytes_sent = 20;
  metrics.request_started();
  metrics.request_started();
  metrics.request_started();
  metrics.request_done(done);
  done.route = nullptr;
  done.status = 418;
  metrics.request_done(done);
  metrics.auth_failed(AuthFailure::expired);
  Metrics::Gauges gauges;
  gauges.store_free_bytes = 5;
  const auto text = metrics.text(gauges);
  for (const auto* line :
       {R"(waag_http_requests_total{route="second",method="PUT",code="201"} 1)",
        R"(waag_http_requests_total{route="none",method="PUT",code="other"} 1)",
        R"(waag_http_request_duration_seconds_bucket{route="second",le="0.0025"} 0)",
        R"(waag_http_request_duration_seconds_bucket{route="second",le="0.005"} 1)",
        R"(waag_http_request_duration_seconds_bucket{route="second",le="+Inf"} 1)",
        R"(waag_http_request_duration_seconds_count{route="second"} 1)", "waag_http_inflight 1",
        "waag_http_received_bytes_total 20", "waag_http_sent_bytes_total 40",
        R"(waag_auth_failures_total{reason="expired"} 1)", "waag_store_free_bytes 5"})
    CHECK(has(text, line));
  CHECK(text.find("route=\"first\"") == std::string::npos);
  CHECK(text.ends_with("# EOF\n"));
  CHECK(text.find("upstream") == std::string::npos);
}

TEST_CASE("metrics: upstreams and what comes from them", "[daemon][metrics]") {
  const Metrics metrics(rows());
  Metrics::Gauges gauges;
  Metrics::Gauges::Upstream upstream;
  upstream.url = "https://hub.example";
  upstream.down = true;
  upstream.calls = 7;
  upstream.failures = 3;
  upstream.limited = 2;
  upstream.bytes = 99;
  gauges.upstreams = {upstream};
  gauges.fills = 4;
  gauges.xet_bytes = Metrics::Gauges::XetBytes{1, 2, 3};
  const auto text = metrics.text(gauges);
  for (const auto* line :
       {"waag_fills 4", R"(waag_upstream_down{upstream="https://hub.example"} 1)",
        R"(waag_upstream_calls_total{upstream="https://hub.example"} 7)",
        R"(waag_upstream_failures_total{upstream="https://hub.example"} 3)",
        R"(waag_upstream_limited_total{upstream="https://hub.example"} 2)",
        R"(waag_upstream_bytes_total{upstream="https://hub.example"} 99)",
        R"(waag_xet_fill_bytes_total{road="local"} 3)"})
    CHECK(has(text, line));
}

}  // namespace waag::daemon
