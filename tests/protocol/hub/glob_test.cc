#include "protocol/hub/glob.h"

#include <chrono>

#include <catch2/catch.hpp>

using waag::hub::Glob;

TEST_CASE("glob: names", "[protocol][glob]") {
  const auto matches = [](std::string_view pattern, std::string_view text) {
    return Glob(pattern, Glob::Scope::name).matches(text);
  };
  CHECK(matches("*.bin", "a.bin"));
  CHECK(matches("*.bin", ".bin"));
  CHECK_FALSE(matches("*.bin", "a.bin2"));
  CHECK(matches("*.lfs.*", "a.lfs.b"));
  CHECK(matches("a?c", "abc"));
  CHECK(matches("[a-c]x", "bx"));
  CHECK_FALSE(matches("[!a-c]x", "bx"));
  CHECK(matches("[[:digit:]]*", "1a"));
  CHECK(matches("[]-]", "]"));
  CHECK(matches("\\*", "*"));
  CHECK_FALSE(matches("\\*", "a"));
  CHECK_FALSE(matches("a\\", "a\\"));
  CHECK_FALSE(matches("[a", "[a"));
  CHECK_FALSE(matches("", "a"));
}

TEST_CASE("glob: paths", "[protocol][glob]") {
  const auto matches = [](std::string_view pattern, std::string_view text) {
    return Glob(pattern, Glob::Scope::path).matches(text);
  };
  CHECK(matches("a/*.bin", "a/b.bin"));
  CHECK_FALSE(matches("a/*.bin", "a/b/c.bin"));
  CHECK(matches("a/**", "a/b/c"));
  CHECK_FALSE(matches("a/**", "a"));
  CHECK(matches("**/c", "c"));
  CHECK(matches("**/c", "a/b/c"));
  CHECK(matches("a/**/c", "a/c"));
  CHECK(matches("a/**/c", "a/x/y/c"));
  CHECK_FALSE(matches("a/**/c", "ac"));
  CHECK(matches("saved_model/**/*", "saved_model/a"));
  CHECK_FALSE(matches("a?b", "a/b"));
  CHECK_FALSE(matches("a[/]b", "a/b"));
  CHECK_FALSE(matches("a**b", "a/b"));
}

TEST_CASE("glob: no pattern is exponential", "[protocol][glob]") {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "*a**/";
  const std::string text(1000, 'a');
  const auto start = std::chrono::steady_clock::now();
  CHECK_FALSE(Glob(pattern + "b", Glob::Scope::path).matches(text));
  CHECK_FALSE(Glob(std::string(2000, '*') + "b", Glob::Scope::name).matches(text));
  std::string skips;
  for (int i = 0; i < 1300; ++i) skips += "**/";
  CHECK(Glob(skips + "a", Glob::Scope::path).matches("a"));
  CHECK_FALSE(Glob(std::string(5000, '*'), Glob::Scope::name).matches("a"));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
}
