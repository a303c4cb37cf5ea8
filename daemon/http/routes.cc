#include "daemon/http/routes.h"

#include <vector>

#include "daemon/api/handlers.h"

/// The one route table, family by family in the order of docs/API.md. The order of rows does not
/// decide which one matches: the longest literal match wins (daemon/http/router.h).
namespace waag::daemon {
namespace {

constexpr Limits no_body{};

using Family = std::vector<Route>;

Family health() {
  return {
      {Method::get, "/healthz", "healthz", Policy::none, no_body, api::get_healthz,
       "The process is alive; touches nothing."},
      {Method::get, "/readyz", "readyz", Policy::none, no_body, api::get_readyz,
       "200 if the store can be written, else 503; JSON with each check."},
      {Method::get, "/metrics", "metrics", Policy::none, no_body, api::get_metrics,
       "OpenMetrics text."},
  };
}

std::vector<Route> collect() {
  std::vector<Route> all;
  for (const Family& family : {health()}) all.insert(all.end(), family.begin(), family.end());
  return all;
}

}  // namespace

std::span<const Route> routes() {
  static const std::vector<Route> table = collect();
  return table;
}

}  // namespace waag::daemon
