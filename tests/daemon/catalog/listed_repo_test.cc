#include "daemon/catalog/listed_repo.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::daemon;

TEST_CASE("listed_repo: whole tags are found, and no parts of them", "[daemon][catalog]") {
  storage::RepoRow row;
  row.id = {RepoType::space, "Ada", "Tiny"};
  Summary summary;
  summary.about.tags = {"ab", "a", "license:mit", "x\ny"};
  summary.about.models = {"a/b"};
  const ListedRepo listed(row, summary, {});
  CHECK(listed.folded_name == "ada/tiny");
  CHECK(listed.has_tag("a"));
  CHECK(listed.has_tag("ab"));
  CHECK(listed.has_tag("license:mit"));
  CHECK_FALSE(listed.has_tag("license"));
  CHECK_FALSE(listed.has_tag("b"));
  CHECK_FALSE(listed.has_tag(""));
  CHECK_FALSE(listed.has_tag("a\nlicense:mit"));
  CHECK_FALSE(listed.has_tag("x"));
  CHECK(listed.uses_model("a/b"));
  CHECK_FALSE(listed.uses_dataset("a/b"));
  std::vector<std::string> tags;
  listed.each_tag([&tags](std::string_view tag) { tags.emplace_back(tag); });
  CHECK(tags == std::vector<std::string>{"ab", "a", "license:mit"});
  std::size_t none = 0;
  ListedRepo(row, Summary{}, {}).each_tag([&none](std::string_view) { ++none; });
  CHECK(none == 0);
}
