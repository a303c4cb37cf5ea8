#include "daemon/api/forum/texts.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::daemon;

namespace {

std::string repeated(std::string_view text, std::size_t count) {
  std::string all;
  while (count-- > 0) all += text;
  return all;
}

}  // namespace

TEST_CASE("texts: titles", "[daemon][discussions]") {
  CHECK(*check_title(" Fix it!\n") == "Fix it!");
  CHECK(*check_title("\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC") ==
        "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC");  // three characters of three bytes
  CHECK(check_title(repeated("\xC3\xA9", title_characters_max)));
  for (const auto& bad :
       {std::string(), std::string("  ab "), std::string("a\tbc"), std::string("abc\xFF"),
        std::string("a\0bc", 4), repeated("\xC3\xA9", title_characters_max + 1)}) {
    CAPTURE(bad);
    CHECK(check_title(bad).error().code == Errc::invalid_argument);
  }
}

TEST_CASE("texts: comments", "[daemon][discussions]") {
  CHECK(*check_comment("    code\n") == "    code\n");
  CHECK(check_comment(std::string(comment_bytes_max, 'x')));
  CHECK(check_comment(std::string(comment_bytes_max + 1, 'x')).error().code == Errc::too_large);
  for (const auto& bad :
       {std::string(), std::string(" \r\n\t"), std::string("a\xFF"), std::string("a\0b", 3)}) {
    CAPTURE(bad);
    CHECK(check_comment(bad).error().code == Errc::invalid_argument);
  }
}

TEST_CASE("texts: a commit's words fit a pull request", "[daemon][discussions]") {
  const auto plain = pull_of_commit(" Add a\nmore", "Because\n");
  CHECK(plain.title == "Add a");
  CHECK(plain.text == "Because");
  const auto long_one = pull_of_commit(repeated("\xC3\xA9", 300), repeated("\xE2\x82\xAC", 30'000));
  CHECK(long_one.title == repeated("\xC3\xA9", title_characters_max));
  CHECK(long_one.text == repeated("\xE2\x82\xAC", comment_bytes_max / 3));
  CHECK(pull_of_commit("\nx", "").title == "Pull request without a title");
}
