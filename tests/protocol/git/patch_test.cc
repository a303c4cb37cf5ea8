#include "protocol/git/patch.h"

#include <catch2/catch.hpp>

#include "protocol/git/object.h"
#include "tests/support/git_oracle.h"

using namespace waag;
using namespace waag::git;

namespace {

PatchSide side(std::string_view text, std::uint32_t mode = mode_file) {
  return {mode, blob_id(as_bytes(text)), text};
}

std::string id(std::string_view text) { return blob_id(as_bytes(text)).hex(); }

/// The blob that `path` becomes when git applies the patch to a tree of that one file.
std::string applied(test::GitOracle& git, const std::string& path, std::string_view before,
                    const std::string& patch) {
  const auto blob = git.object_id("blob", std::string(before));
  git.run("read-tree --empty", "");
  git.run("update-index -z --index-info", "100644 " + blob + "\t" + path + std::string(1, '\0'));
  git.run("apply --cached --whitespace=nowarn -", patch);
  const auto line = git.run("ls-files -s -z", "");
  return line.empty() ? "" : line.substr(7, 40);
}

}  // namespace

TEST_CASE("patch: as git prints it", "[protocol][patch]") {
  const std::string zero(40, '0');
  CHECK(format_patch("d/a", std::nullopt, side("x\ny\n")) ==
        "diff --git a/d/a b/d/a\nnew file mode 100644\nindex " + zero + ".." + id("x\ny\n") +
            "\n--- /dev/null\n+++ b/d/a\n@@ -0,0 +1,2 @@\n+x\n+y\n");
  CHECK(format_patch("a", side("x\n"), std::nullopt) ==
        "diff --git a/a b/a\ndeleted file mode 100644\nindex " + id("x\n") + ".." + zero +
            "\n--- a/a\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n");
  CHECK(format_patch("a", side("x\n"), side("x", mode_executable)) ==
        "diff --git a/a b/a\nold mode 100644\nnew mode 100755\nindex " + id("x\n") + ".." +
            id("x") + "\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+x\n\\ No newline at end of file\n");
  CHECK(format_patch("a", side("x"), side("x", mode_executable)) ==
        "diff --git a/a b/a\nold mode 100644\nnew mode 100755\n");
  CHECK(format_patch("e", std::nullopt, side("")) ==
        "diff --git a/e b/e\nnew file mode 100644\nindex " + zero + ".." + id("") + "\n");
  const PatchSide large{mode_file, blob_id(as_bytes("l")), std::nullopt};
  CHECK(format_patch("a", side("x"), large) == "diff --git a/a b/a\nindex " + id("x") + ".." +
                                                   id("l") +
                                                   " 100644\nBinary files a/a and b/a differ\n");
  CHECK(format_patch("a b\t\"", side("x"), large)
            .starts_with(R"(diff --git "a/a b\011\"" "b/a b\011\"")"));
}

TEST_CASE("patch: git applies it", "[protocol][patch]") {
  test::GitOracle git;
  std::string long_text;
  for (int i = 0; i < 60; ++i) long_text += "line " + std::to_string(i) + "\n";
  auto changed = long_text;
  for (const auto* line : {"line 3\n", "line 4\n", "line 11\n", "line 40\n"})
    changed.insert(changed.find(line), "new\n");
  changed.erase(changed.find("line 20\n"), 8);
  struct Case {
    std::string before, after, path = "f";
  };
  const std::vector<Case> cases{{"", "x\n"},
                                {"x\n", "x\ny"},
                                {"x", "x\n"},
                                {"a\nb\nc\n", "c\nb\na\n"},
                                {long_text, changed},
                                {changed, long_text},
                                {long_text, "first\n" + long_text + "last"},
                                {"x\n", "y\n", "with space"},
                                {"x\n", "y\n", "quote\"\\\ttab"}};
  for (const auto& [before, after, path] : cases) {
    CAPTURE(before, after, path);
    const auto patch = format_patch(path, side(before), side(after));
    CAPTURE(patch);
    CHECK(applied(git, path, before, patch) == id(after));
  }
}

TEST_CASE("patch: what counts as binary", "[protocol][patch]") {
  CHECK(is_binary(std::string("a\0b", 3)));
  CHECK_FALSE(is_binary("\xFF\xFE text"));
  CHECK_FALSE(is_binary(std::string(8000, 'x') + std::string(1, '\0')));
}
