#include "cli/repo_id.h"

#include <catch2/catch.hpp>

using namespace waag::cli;

TEST_CASE("cli: names of repos", "[cli]") {
  const auto repo = parse_repo_name("ada/tiny.v1", "dataset");
  REQUIRE(repo);
  CHECK(api_path(*repo) == "/api/datasets/ada/tiny.v1");
  CHECK(api_path(*parse_repo_name("a b/c?", "model")) == "/api/models/a%20b/c%3F");
  for (const auto* bad : {"", "tiny", "/tiny", "ada/", "ada/tiny/x"})
    CHECK_FALSE(parse_repo_name(bad, "model"));
}
