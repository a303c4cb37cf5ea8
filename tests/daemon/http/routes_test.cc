#include "daemon/http/routes.h"

#include <set>

#include <catch2/catch.hpp>

#include "daemon/http/router.h"

namespace waag::daemon {

TEST_CASE("routes: the table is sound", "[daemon][routes]") {
  CHECK(Router(routes()).problems().empty());
  std::set<std::string> names;
  std::set<std::pair<Method, std::string>> shapes;
  for (const Route& route : routes()) {
    CAPTURE(route.path, route.name);
    CHECK(names.insert(std::string(route.name)).second);
    CHECK(shapes.emplace(route.method, route.path).second);
    CHECK(route.handler != nullptr);
    CHECK_FALSE(route.about.empty());
    CHECK(route.path.starts_with('/'));
    const bool reads = route.method == Method::get || route.method == Method::head;
    CHECK_FALSE((reads && route.limits.body_bytes_max > 0));
  }
}

}  // namespace waag::daemon
