#include "daemon/config_toml.h"

#include <catch2/catch.hpp>

namespace waag::daemon {

TEST_CASE("config_toml: a table, or the line of what is wrong", "[daemon][config]") {
  const auto table = parse_toml("[a]\nb = 3\n", "x.toml");
  REQUIRE(table);
  CHECK((*table)["a"]["b"].value<int>() == 3);
  const auto bad = parse_toml("[a]\n\nb = = 3\n", "x.toml");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().code == Errc::invalid_argument);
  CHECK(bad.error().what.starts_with("x.toml:3: "));
}

}  // namespace waag::daemon
