#include "convert/tokenizer/text/regex/pattern.h"

#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

void is_spelt(std::string_view pattern, std::string_view wanted) {
  const auto made = pcre2_pattern(pattern);
  CAPTURE(pattern);
  REQUIRE(made);
  CHECK(*made == wanted);
}

constexpr std::string_view spaces =
    R"(\x{9}-\x{d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f})"
    R"(\x{3000})";

}  // namespace

TEST_CASE("pattern: letters, sets, classes and repetitions", "[convert][tokenizer][text]") {
  is_spelt("a|\\.\\n", R"(\x{61}|\x{2e}\x{a})");
  is_spelt("\u00e9\\u4e00\\x41\\x{1F600}", R"(\x{e9}\x{4e00}\x{41}\x{1f600})");
  is_spelt(R"(\p{L}+\P{Nd}*?\d?+)", R"(\p{L}+\P{Nd}*?\p{Nd}?+)");
  is_spelt(R"(\p{N}{1,3}\p{Han}{2,}x{4})", R"(\p{N}{1,3}\p{sc:Han}{2,}\x{78}{4})");
  is_spelt(R"([^\p{L}a-c\-\]]-)", R"([^\p{L}\x{61}-\x{63}\x{2d}\x{5d}]\x{2d})");
  is_spelt("[-a-]", R"([\x{2d}\x{61}\x{2d}])");
}

TEST_CASE("pattern: white space is spelt out", "[convert][tokenizer][text]") {
  is_spelt(R"(\s+(?!\S))", "[" + std::string(spaces) + "]+(?![^" + std::string(spaces) + "])");
  is_spelt(R"([^\s\p{N}])", "[^" + std::string(spaces) + R"(\p{N}])");
  is_spelt(R"(\s+$)", "[" + std::string(spaces) + "]+(?m:$)");
}

TEST_CASE("pattern: groups", "[convert][tokenizer][text]") {
  is_spelt("(a)(?:b)(?=c)", R"((?:\x{61})(?:\x{62})(?=\x{63}))");
  is_spelt("(?i:'s|[dm])x", R"((?i:\x{27}\x{73}|[\x{64}\x{6d}])\x{78})");
  is_spelt("(?i:s)s", R"((?i:\x{73})\x{73})");
}

TEST_CASE("pattern: what is refused, by name", "[convert][tokenizer][text]") {
  const auto [pattern, says] = GENERATE(table<std::string_view, std::string_view>({
      {R"(\w+)", "a \\w"},
      {R"(\h)", "a \\h"},
      {R"(\1)", "a \\1"},
      {R"(\p{Greek})", "the property \"Greek\""},
      {R"(\p{^L})", "the property"},
      {R"(\pL)", "a property without a name"},
      {R"([\S])", "a \\S in a class"},
      {"[a[b]]", "a class in a class"},
      {"[a&&b]", "an intersection"},
      {"[]a]", "begins with a bracket"},
      {"[a", "does not end"},
      {"[b-a]", "runs down"},
      {R"([a-\p{L}])", "runs down"},
      {R"([\p{L}-a])", "a range of sets"},
      {"^a", "a \"^\" there"},
      {"a++?", "a repetition of a repetition"},
      {"a{1,2}+", "a repetition of a repetition"},
      {"a{,2}", "a count of repetitions"},
      {"a{2,1}", "runs down"},
      {"a{1000}", "a count of repetitions"},
      {"{", "a \"{\" there"},
      {"*a", "a \"*\" there"},
      {"(?=a)+", "of what has no width"},
      {"(?<=a)b", "a group of a kind"},
      {"(?i)a", "a group of a kind"},
      {"(a", "a group that does not end"},
      {"a)", "closes nothing"},
      {"\\", "a backslash at the end"},
      {R"(\x{110000})", "a number of no letter"},
      {R"(\xe9)", "a byte of a letter"},
      {"(?i:\u00e9)", "beyond ASCII"},
      {"(?i:ss)", "one letter in other cases"},
      {"(?i:[\u00e0-\u00e9])", "beyond ASCII"},
      {"\xff", "no UTF-8"},
  }));
  const auto made = pcre2_pattern(pattern);
  CAPTURE(pattern);
  REQUIRE_FALSE(made);
  CHECK(made.error().code == Errc::unprocessable);
  CAPTURE(made.error().what);
  CHECK(made.error().what.find(says) != std::string::npos);
}

TEST_CASE("pattern: bounds", "[convert][tokenizer][text]") {
  CHECK(pcre2_pattern(std::string(pattern_bytes_max, 'a')));
  CHECK_FALSE(pcre2_pattern(std::string(pattern_bytes_max + 1, 'a')));
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '(') + "a" + std::string(depth, ')');
  };
  CHECK(pcre2_pattern(nested(16)));
  CHECK_FALSE(pcre2_pattern(nested(17)));
}

TEST_CASE("pattern: a text as an expression", "[convert][tokenizer][text]") {
  CHECK(pcre2_literal("a.\u2581") == "\\x{61}\\x{2e}\u2581");
}

}  // namespace waag::convert::testing
