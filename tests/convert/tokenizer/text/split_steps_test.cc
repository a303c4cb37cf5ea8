#include "convert/tokenizer/text/split_steps.h"

#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <catch2/catch.hpp>

#include "tests/convert/tokenizer/tokenizer_fixtures.h"

namespace waag::convert::testing {
namespace {

using Pieces = std::vector<std::string>;

Result<SplitSteps> read(std::string_view json) {
  const auto value = boost::json::parse(json);
  return SplitSteps::read(&value);
}

Pieces pieces_of(const SplitSteps& steps, std::string_view text, bool begins = true) {
  Pieces pieces;
  SplitSteps::Splitter splitter(steps);
  REQUIRE(splitter.each(text, begins, [&](std::string_view piece) {
    pieces.emplace_back(piece);
    return ok();
  }));
  return pieces;
}

Pieces pieces_of(std::string_view json, std::string_view text, bool begins = true) {
  const auto steps = read(json);
  CAPTURE(json, text);
  REQUIRE(steps);
  return pieces_of(*steps, text, begins);
}

std::string split(std::string_view behavior, bool invert = false) {
  return R"({"type": "Split", "pattern": {"String": "-"}, "behavior": ")" + std::string(behavior) +
         R"(", "invert": )" + (invert ? "true}" : "false}");
}

}  // namespace

TEST_CASE("split_steps: what becomes of a match", "[convert][tokenizer][text]") {
  constexpr std::string_view text = "The-final--countdown-";
  CHECK(pieces_of(split("Removed"), text) == Pieces{"The", "final", "countdown"});
  CHECK(pieces_of(split("Isolated"), text) ==
        Pieces{"The", "-", "final", "-", "-", "countdown", "-"});
  CHECK(pieces_of(split("MergedWithPrevious"), text) ==
        Pieces{"The-", "final-", "-", "countdown-"});
  CHECK(pieces_of(split("MergedWithNext"), text) ==
        Pieces{"The", "-final", "-", "-countdown", "-"});
  CHECK(pieces_of(split("Contiguous"), text) ==
        Pieces{"The", "-", "final", "--", "countdown", "-"});
  CHECK(pieces_of(split("Removed", true), text) == Pieces{"-", "-", "-", "-"});
  CHECK(pieces_of(split("MergedWithPrevious", true), text) ==
        Pieces{"The", "-final", "-", "-countdown", "-"});
}

TEST_CASE("split_steps: a text without steps stays whole", "[convert][tokenizer][text]") {
  CHECK(pieces_of(*SplitSteps::read(nullptr), "a b") == Pieces{"a b"});
  CHECK(pieces_of("null", "a b") == Pieces{"a b"});
  CHECK(pieces_of("null", "").empty());
}

TEST_CASE("split_steps: digits", "[convert][tokenizer][text]") {
  CHECK(pieces_of(R"({"type": "Digits", "individual_digits": true})", "a12\u00bd") ==
        Pieces{"a", "1", "2", "\u00bd"});
  CHECK(pieces_of(R"({"type": "Digits"})", "a12b") == Pieces{"a", "12", "b"});
}

TEST_CASE("split_steps: the byte alphabet", "[convert][tokenizer][text]") {
  CHECK(pieces_of(R"({"type": "ByteLevel"})", "it's a\n") ==
        Pieces{"\u0120it", "'s", "\u0120a", "\u010a"});
  CHECK(pieces_of(R"({"type": "ByteLevel", "add_prefix_space": false, "use_regex": false})",
                  "a \u00e9") == Pieces{"a\u0120\u00c3\u00a9"});
  CHECK(pieces_of(R"({"type": "ByteLevel", "use_regex": false})", " a") == Pieces{"\u0120a"});
}

TEST_CASE("split_steps: a letter for spaces", "[convert][tokenizer][text]") {
  constexpr auto* always = R"({"type": "Metaspace", "replacement": "_"})";
  CHECK(pieces_of(always, "a  b") == Pieces{"_a", "_", "_b"});
  CHECK(pieces_of(always, " a", false) == Pieces{"_a"});
  CHECK(pieces_of(R"({"type": "Metaspace", "replacement": "_", "prepend_scheme": "first"})", "a",
                  false) == Pieces{"a"});
  CHECK(pieces_of(R"({"type": "Metaspace", "replacement": "_", "prepend_scheme": "first",
                      "split": false})",
                  "a b") == Pieces{"_a_b"});
  CHECK(pieces_of(R"({"type": "Metaspace", "replacement": "_", "add_prefix_space": false})",
                  "a b") == Pieces{"a", "_b"});
}

TEST_CASE("split_steps: each step sees the pieces of the one before",
          "[convert][tokenizer][text]") {
  const auto steps = R"({"type": "Sequence", "pretokenizers": [)" + split("Isolated") +
                     R"(, {"type": "Split", "pattern": {"Regex": "a$|b"}, "behavior": "Isolated"},
                         {"type": "Metaspace", "replacement": "_", "prepend_scheme": "first"}]})";
  CHECK(pieces_of(steps, "xa-ab") == Pieces{"_x", "a", "-", "a", "b"});
}

TEST_CASE("split_steps: the families' ways", "[convert][tokenizer][text]") {
  const auto by_name = [](std::string_view name, std::string_view text) {
    for (const auto& fixture : pre_tokenizers)
      if (fixture.name == name) return pieces_of(fixture.json, text);
    return Pieces{};
  };
  CHECK(by_name("llama-bpe", "I'LL  go1234\n\n x!") ==
        Pieces{"I", "'LL", "\u0120", "\u0120go", "123", "4", "\u010a\u010a", "\u0120x", "!"});
  CHECK(by_name("qwen2", "ab 12") == Pieces{"ab", "\u0120", "1", "2"});
  CHECK(by_name("tekken", "camelCase a//") == Pieces{"camel", "Case", "\u0120a", "//"});
  CHECK(by_name("deepseek-v3", "a\u4e00b1234") ==
        Pieces{"a", "\u00e4\u00b8\u0122", "b", "123", "4"});
  CHECK(by_name("deepseek-coder", "a b\n1") == Pieces{"a", "\u0120b", "\u010a", "1"});
  CHECK(by_name("smollm", "ab 12") == Pieces{"ab", "\u0120", "1", "2"});
  CHECK(by_name("qwen35", "e\u0301 1") == Pieces{"e\u00cc\u0123", "\u0120", "1"});
}

TEST_CASE("split_steps: of a bare expression", "[convert][tokenizer][text]") {
  const auto steps = SplitSteps::of_bytes(R"(\p{L}+)");
  REQUIRE(steps);
  CHECK(pieces_of(*steps, "ab c") == Pieces{"ab", "\u0120", "c"});
  CHECK_FALSE(SplitSteps::of_bytes(R"(\w)"));
}

TEST_CASE("split_steps: what is refused, by name", "[convert][tokenizer][text]") {
  const auto [json, says] = GENERATE(table<std::string_view, std::string_view>({
      {R"({"type": "BertPreTokenizer"})", "BertPreTokenizer"},
      {R"({"type": "Sequence", "pretokenizers": [{"type": "Whitespace"}]})", "Whitespace"},
      {R"({"type": "Split", "pattern": {"String": "a"}, "behavior": "Odd"})", "Odd"},
      {R"({"type": "Split", "behavior": "Isolated"})", "no pattern"},
      {R"({"type": "Split", "pattern": {"Regex": "\\w"}, "behavior": "Isolated"})", "\\w"},
      {R"({"type": "Metaspace", "replacement": "_", "prepend_scheme": "odd"})", "odd"},
      {R"({"type": "Metaspace", "replacement": ""})", "no letter"},
      {R"({"type": "Metaspace", "replacement": "__"})", "no letter"},
      {R"({"type": "Metaspace", "replacement": "_", "prepend_scheme": "first",
           "add_prefix_space": false})",
       "contradicts"},
      {R"({"type": "Sequence", "pretokenizers": [{"type": "ByteLevel"}, {"type": "ByteLevel"}]})",
       "two of ByteLevel"},
      {R"({"type": "ByteLevel", "use_regex": 1})", "use_regex"},
      {"[]", "malformed"},
  }));
  const auto made = read(json);
  CAPTURE(json);
  REQUIRE_FALSE(made);
  CAPTURE(made.error().what);
  CHECK(made.error().code == Errc::unprocessable);
  CHECK(made.error().what.find(says) != std::string::npos);
}

}  // namespace waag::convert::testing
