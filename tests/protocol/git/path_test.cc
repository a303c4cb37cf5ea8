#include "protocol/git/path.h"

#include <catch2/catch.hpp>

#include "tests/support/git_oracle.h"

using namespace waag;
using namespace waag::git;
using namespace std::string_literals;

TEST_CASE("path: what is accepted", "[protocol][git][path]") {
  const auto path = GENERATE(
      "a"s, "README.md"s, ".gitattributes"s, "a/b/c.bin"s, "with space/\xC3\xA9t\xC3\xA9.txt"s,
      "...a"s, "a.."s, ".github/workflows/x.yml"s, "git"s, "console.py"s, "com"s, "com10"s,
      "auxiliary"s, "nulls.txt"s, "2024-01-01T10:00:00.json"s, "a~1"s, "-rf"s, "CON"s, "nul.txt"s,
      "a/aux.py"s, "%2e%2e"s, "x.git"s, std::string(1024, 'x'));
  CAPTURE(path);
  const auto checked = check_file_path(path);
  REQUIRE(checked);
  CHECK(*checked == path);
}

TEST_CASE("path: what is refused", "[protocol][git][path]") {
  const auto path = GENERATE(
      ""s, "/"s, "/a"s, "a/"s, "a//b"s, "."s, ".."s, "a/./b"s, "a/../b"s, "../a"s, "a/.."s, "..."s,
      ". ."s, ".git"s, ".git/config"s, "a/.GIT/b"s, ".Git"s, ".git "s, ".git."s, ".git . "s,
      ".git::$INDEX_ALLOCATION"s, "GIT~1/config"s, ".g\xE2\x80\x8Cit/config"s, "\xEF\xBB\xBF.git"s,
      "a\\b"s, "\\\\host\\share"s, "C:"s, "c:/windows"s, "a/C:/b"s, "z:x"s, "a\0b"s, "a\nb"s,
      "a\x7F"s, "a\xC2\x9B"s, "\xFF"s, "a/\xC3"s, std::string(1025, 'x'));
  CAPTURE(path);
  const auto checked = check_file_path(path);
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code == Errc::unprocessable);
}

TEST_CASE("path: depth", "[protocol][git][path]") {
  std::string path = "a";
  for (std::size_t depth = 1; depth < path_depth_max; ++depth) path += "/a";
  CHECK(check_file_path(path));
  CHECK_FALSE(check_file_path(path + "/a"));
  CHECK_FALSE(check_path_segment("a/b"));
}

TEST_CASE("path: ref names follow git", "[protocol][git][path]") {
  test::GitOracle git;
  for (const auto& name : {"main"s,     "v1.0"s,  "a/b"s,  "release/2.0-rc"s,
                           "\xC3\xA9"s, "a.b.c"s, "a@b"s,  "x{y}"s,
                           "@x"s,       "a=b"s,   "1"s,    "head"s,
                           ""s,         "a b"s,   "a~b"s,  "a^"s,
                           "a:b"s,      "a?"s,    "a*"s,   "a[b"s,
                           "a\\b"s,     "a..b"s,  "a@{b"s, "a.lock"s,
                           "a.lock/b"s, "a."s,    ".a"s,   "a/.b"s,
                           "/a"s,       "a/"s,    "a//b"s, "-a"s,
                           "HEAD"s,     "a\x7F"s, "a\tb"s, "a/b.lock"s}) {
    CAPTURE(name);
    bool accepted = !name.empty();
    if (accepted) {
      try {
        git.run("check-ref-format --branch '" + name + "'", "");
      } catch (const std::runtime_error&) {
        accepted = false;
      }
    }
    const auto checked = check_ref_name(name);
    CHECK(checked.has_value() == accepted);
    if (!checked) CHECK(checked.error().code == Errc::invalid_argument);
  }
  CHECK(check_ref_name(std::string(255, 'x')));
  CHECK_FALSE(check_ref_name(std::string(256, 'x')));
  CHECK_FALSE(check_ref_name("a\0b"s));
  CHECK_FALSE(check_ref_name("\xFF"));
  CHECK_FALSE(check_ref_name("@"));  // git reads it as HEAD
}

TEST_CASE("path: what Windows takes", "[protocol][git][path]") {
  const auto fits = GENERATE("a"s, "README.md"s, "console.py"s, "com"s, "com0"s, "com10"s, "lpt"s,
                             "auxiliary"s, "nulls.txt"s, ".con"s, "a.con"s, "conin"s, "a b"s,
                             "a/b.c/d"s, "\xC3\xA9"s, ".gitattributes"s);
  CAPTURE(fits);
  CHECK(fits_windows(fits));
}

TEST_CASE("path: what Windows does not take", "[protocol][git][path]") {
  const auto path =
      GENERATE("CON"s, "con"s, "aux.py"s, "a/nul.txt/b"s, "PRN"s, "Com1"s, "lpt9.tar.gz"s,
               "conin$"s, "CONOUT$.x"s, "com\xC2\xB9"s, "nul .txt"s, "a."s, "a "s, "b /a"s, "a:b"s,
               "a?"s, "a*"s, "a<b"s, "a>b"s, "a|b"s, "a\"b"s);
  CAPTURE(path);
  CHECK_FALSE(fits_windows(path));
}

TEST_CASE("path: names without case", "[protocol][git][path]") {
  CHECK(fold_case("ReadMe.MD") == "readme.md");
  CHECK(fold_case("\xC3\x89[Z@") == "\xC3\x89[z@");
  CHECK(fold_case("").empty());
}
