#include "daemon/mirror/sync/mirror_spec.h"

#include <boost/json/array.hpp>
#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::daemon;
using boost::json::object;

TEST_CASE("mirror spec: there and back", "[daemon][mirror]") {
  const auto least = MirrorSpec::parse({{"repo", "acme/tiny"}});
  REQUIRE(least);
  CHECK(least->repo == RepoId{RepoType::model, "acme", "tiny"});
  CHECK(least->revision == "main");
  CHECK(least->to_json() == object{{"repo", "acme/tiny"}, {"type", "model"}, {"revision", "main"}});
  const object all{{"repo", "acme/rows"},  {"type", "dataset"}, {"revision", "v1"},
                   {"include", {"*.csv"}}, {"exclude", {"x/"}}, {"convert", {"gguf:F16"}},
                   {"dry_run", true}};
  const auto spec = MirrorSpec::parse(all);
  REQUIRE(spec);
  CHECK(spec->include == std::vector<std::string>{"*.csv"});
  CHECK(spec->dry_run);
  CHECK(spec->to_json() == all);
}

TEST_CASE("mirror spec: what is none", "[daemon][mirror]") {
  const auto bad = GENERATE(
      object{}, object{{"repo", "tiny"}}, object{{"repo", "a/../b"}}, object{{"repo", 3}},
      object{{"repo", "a/b"}, {"type", "car"}}, object{{"repo", "a/b"}, {"revision", ""}},
      object{{"repo", "a/b"}, {"include", "x"}}, object{{"repo", "a/b"}, {"exclude", {1}}},
      object{{"repo", "a/b"}, {"include", {""}}}, object{{"repo", "a/b"}, {"convert", {"x"}}},
      object{{"repo", "a/b"}, {"dry_run", "yes"}});
  const auto spec = MirrorSpec::parse(bad);
  REQUIRE_FALSE(spec);
  CHECK(spec.error().code == Errc::invalid_argument);
}
