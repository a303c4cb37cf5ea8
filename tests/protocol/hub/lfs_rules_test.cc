#include "protocol/hub/lfs_rules.h"

#include <catch2/catch.hpp>

#include "protocol/hub/path_rules.h"

using namespace waag::hub;

TEST_CASE("lfs_rules: only what no rule covers gets one", "[protocol][hub]") {
  const std::string rules = "*.bin filter=lfs diff=lfs merge=lfs -text";
  CHECK_FALSE(cover_lfs_paths(rules, {"a.bin", "d/b.bin"}));
  CHECK_FALSE(cover_lfs_paths(rules, {}));
  CHECK(cover_lfs_paths(rules, {"a.bin", "d/data.txt"}) ==
        rules + "\n/d/data.txt filter=lfs diff=lfs merge=lfs -text\n");
  CHECK(cover_lfs_paths("", {"x"}) == "/x filter=lfs diff=lfs merge=lfs -text\n");
}

TEST_CASE("lfs_rules: the rule covers the path, and no other", "[protocol][hub]") {
  for (const std::string path : {"plain.txt", "a b.txt", "d/with [brackets].txt", "star*?.txt",
                                 "#hash", "!not", "d/\xC3\xA9t\xC3\xA9"}) {
    CAPTURE(path);
    const auto text = cover_lfs_paths("", {path});
    REQUIRE(text);
    const GitAttributes rules(*text);
    CHECK(rules.is_lfs(path));
    CHECK_FALSE(rules.is_lfs("sub/" + path));
    CHECK_FALSE(rules.is_lfs("d/starring.txt"));
    CHECK_FALSE(cover_lfs_paths(*text, {path}));
  }
}

TEST_CASE("lfs_rules: rules that nobody reads stay as they are", "[protocol][hub]") {
  CHECK_FALSE(cover_lfs_paths(std::string(path_rules_bytes_max + 1, '#'), {"x"}));
  const std::string nearly(path_rules_bytes_max - 10, '#');
  CHECK_FALSE(cover_lfs_paths(nearly, {"x"}));
}
