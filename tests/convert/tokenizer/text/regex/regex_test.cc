#include "convert/tokenizer/text/regex/regex.h"

#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

using Parts = std::vector<std::pair<std::string, bool>>;

Result<Parts> parts_of(const Regex& regex, std::string_view text) {
  Parts parts;
  WAAG_CHECK(Regex::Matcher(regex).each(text, [&](std::string_view part, bool is_match) {
    parts.emplace_back(part, is_match);
    return ok();
  }));
  return parts;
}

Parts parts_of(std::string_view pattern, std::string_view text) {
  const auto regex = Regex::compile(pattern);
  REQUIRE(regex);
  const auto parts = parts_of(*regex, text);
  REQUIRE(parts);
  return *parts;
}

}  // namespace

TEST_CASE("regex: matches and what stands between them", "[convert][tokenizer][text]") {
  CHECK(parts_of("[0-9]+", "a12b3") ==
        Parts{{"a", false}, {"12", true}, {"b", false}, {"3", true}});
  CHECK(parts_of("[0-9]+", "ab") == Parts{{"ab", false}});
  CHECK(parts_of(R"(\p{L}+)", "\u00e9\u4e2d!") == Parts{{"\u00e9\u4e2d", true}, {"!", false}});
  CHECK(parts_of(R"(\s+(?!\S)|\s+)", "  a") == Parts{{" ", true}, {" ", true}, {"a", false}});
}

TEST_CASE("regex: an empty match counts, but not where one has just ended",
          "[convert][tokenizer][text]") {
  CHECK(parts_of("a*", "b\u00e9a") ==
        Parts{{"", true}, {"b", false}, {"", true}, {"\u00e9", false}, {"a", true}});
}

TEST_CASE("regex: white space, case and line ends as Oniguruma has them",
          "[convert][tokenizer][text]") {
  CHECK(parts_of(R"(\s)", "\u180e").front().second == false);
  CHECK(parts_of(R"(\s)", "\u0085").front().second);
  CHECK(parts_of("(?i:'s)", "'\u017f").front().second);
  CHECK(parts_of("(?i:'s)", "'S").front().second);
  CHECK(parts_of(R"(x$)", "x\ny") == Parts{{"x", true}, {"\ny", false}});
  CHECK(parts_of("a.", "a\n").front().second == false);
  CHECK(parts_of("a.", "a\r").front().second);
}

TEST_CASE("regex: a text", "[convert][tokenizer][text]") {
  const auto regex = Regex::literal("a+");
  REQUIRE(regex);
  CHECK(*parts_of(*regex, "aa+") == Parts{{"a", false}, {"a+", true}});
}

TEST_CASE("regex: a search without end is an error", "[convert][tokenizer][text]") {
  const auto regex = Regex::compile("(a*)*(a*)*(a*)*b|(a|aa)+(a|aa)+c");
  REQUIRE(regex);
  const auto parts = parts_of(*regex, std::string(200, 'a'));
  REQUIRE_FALSE(parts);
  CHECK(parts.error().code == Errc::unprocessable);
}

TEST_CASE("regex: what is refused; what a sink says ends the search",
          "[convert][tokenizer][text]") {
  CHECK_FALSE(Regex::compile("(?<!a)"));
  CHECK_FALSE(Regex::compile("((((a{999}){999}){999}){999})"));
  const auto regex = Regex::compile("a");
  REQUIRE(regex);
  Regex::Matcher matcher(*regex);
  const auto stopped = matcher.each(
      "ab", [](std::string_view, bool) -> Status { return fail(Errc::too_large, "enough"); });
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code == Errc::too_large);
}

}  // namespace waag::convert::testing
