#include <set>

#include <catch2/catch.hpp>

#include "daemon/config_load.h"

namespace waag::daemon {

TEST_CASE("config_table: each row reads and writes a field of its own", "[daemon][config]") {
  std::set<std::string_view> keys;
  for (const Setting& row : settings()) {
    CAPTURE(row.key);
    CHECK(keys.insert(row.key).second);
    CHECK(row.about.ends_with('.'));
    Config config;
    const auto before = row.get(config);
    std::string value;
    if (row.kind == Setting::Kind::boolean) value = before == "true" ? "false" : "true";
    if (row.kind == Setting::Kind::number) value = "4242";
    if (row.kind == Setting::Kind::decimal) value = "42.5";
    if (row.kind == Setting::Kind::text) value = "other";
    REQUIRE(row.set(config, value));
    const auto after = row.get(config);
    CHECK(after == (row.kind == Setting::Kind::text ? "\"other\"" : value));
    CHECK(after != before);
    // No other row sees it.
    const Config untouched;
    for (const Setting& other : settings())
      if (other.key != row.key) CHECK(other.get(config) == other.get(untouched));
  }
}

TEST_CASE("config_table: values of the wrong kind", "[daemon][config]") {
  for (const Setting& row : settings()) {
    if (row.kind == Setting::Kind::text) continue;
    CAPTURE(row.key);
    for (const auto* bad : {"", "-1", "1.5", "yes", " 1", "99999999999999999999999"}) {
      CAPTURE(bad);
      if (row.kind == Setting::Kind::decimal && std::string_view(bad).find_first_of("19") == 0)
        continue;
      Config config;
      const auto set = row.set(config, bad);
      REQUIRE_FALSE(set);
      CHECK(set.error().code == Errc::invalid_argument);
    }
  }
}

TEST_CASE("config_table: the upstream's and the mirror's settings are in it", "[daemon][config]") {
  std::set<std::string_view> keys;
  for (const Setting& row : settings()) keys.insert(row.key);
  for (const auto* key :
       {"upstream.urls", "upstream.trusted", "upstream.token_file", "upstream.git",
        "mirror.pull_through", "mirror.ttl_s", "mirror.negative_ttl_s", "mirror.wait_ms"}) {
    CAPTURE(key);
    CHECK(keys.contains(key));
  }
  const Config config;
  CHECK(config.upstream.urls.empty());  // nothing calls out unless it is told to
  CHECK(config.mirror.wait_ms < 10'000);
}

}  // namespace waag::daemon
