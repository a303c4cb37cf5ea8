#include "convert/tokenizer/pre_tokenizer.h"

#include <catch2/catch.hpp>

#include "tests/convert/tokenizer/tekken/tekken_fixture.h"
#include "tests/convert/tokenizer/tokenizer_fixtures.h"

namespace waag::convert::testing {
namespace {

namespace json = boost::json;

json::object tokenizer_of(std::string_view block) {
  json::object tokenizer;
  tokenizer["pre_tokenizer"] = json_object(block);
  return tokenizer;
}

/// The same with `from` replaced in the text of its pre_tokenizer.
json::object changed(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
  return tokenizer_of(text);
}

std::string block_of(std::string_view name) {
  for (const auto& fixture : pre_tokenizers) {
    if (fixture.name == name) return std::string(fixture.json);
  }
  FAIL("no such fixture");
  return {};
}

}  // namespace

TEST_CASE("pre_tokenizer: published families", "[convert][tokenizer]") {
  for (const auto& fixture : pre_tokenizers) {
    CAPTURE(fixture.name);
    const bool adds_bos = fixture.name != "qwen2";
    const auto name = pre_tokenizer_name(tokenizer_of(fixture.json), adds_bos);
    REQUIRE(name);
    CHECK(*name == fixture.name);
  }
}

TEST_CASE("pre_tokenizer: a BOS tells families that split alike", "[convert][tokenizer]") {
  CHECK(*pre_tokenizer_name(tokenizer_of(block_of("qwen2")), true) == "deepseek-r1-qwen");
  CHECK(*pre_tokenizer_name(tokenizer_of(block_of("llama-bpe")), false) == "smaug-bpe");
}

TEST_CASE("pre_tokenizer: DeepSeek LLM by the beginning of its letters", "[convert][tokenizer]") {
  const std::string block = R"x({"type": "Sequence", "pretokenizers": [
    {"type": "Split", "pattern": {"Regex": "[\r\n]"}, "behavior": "Isolated", "invert": false},
    {"type": "Split", "pattern": {"Regex":
      "\\s?[A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293]+"},
     "behavior": "Isolated", "invert": false},
    {"type": "Split", "pattern": {"Regex":
      "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+"},
     "behavior": "Isolated", "invert": false},
    {"type": "Split", "pattern": {"Regex": "\\s+$"}, "behavior": "Isolated", "invert": false},
    {"type": "Split", "pattern": {"Regex": "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"},
     "behavior": "Isolated", "invert": false},
    {"type": "Digits", "individual_digits": true},
    {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}
    ]})x";
  const auto name = pre_tokenizer_name(tokenizer_of(block), true);
  REQUIRE(name);
  CHECK(*name == "deepseek-llm");
  CHECK_FALSE(pre_tokenizer_name(changed(block, "A-Za-z", "A-Z"), true));
}

TEST_CASE("pre_tokenizer: other spellings of the same", "[convert][tokenizer]") {
  const auto block = block_of("qwen2");
  const auto removed =
      changed(block, R"("Isolated", "invert": false)", R"("Removed", "invert": true)");
  CHECK(*pre_tokenizer_name(removed, false) == "qwen2");
  CHECK(*pre_tokenizer_name(changed(block, R"([\\r\\n]*)", R"([\r\n]*)"), false) == "qwen2");
  auto nested = tokenizer_of(R"({"type": "Sequence", "pretokenizers": []})");
  nested["pre_tokenizer"].as_object()["pretokenizers"].as_array().push_back(json_object(block));
  CHECK(*pre_tokenizer_name(nested, false) == "qwen2");
}

TEST_CASE("pre_tokenizer: normalizers", "[convert][tokenizer]") {
  auto tokenizer = tokenizer_of(block_of("qwen2"));
  const auto good = GENERATE(R"({"n": null})", R"({"n": {"type": "NFC"}})",
                             R"({"n": {"type": "Sequence", "normalizers": []}})");
  tokenizer["normalizer"] = json_object(good)["n"];
  CHECK(pre_tokenizer_name(tokenizer, false));
  const auto bad = GENERATE(
      R"({"n": {"type": "Lowercase"}})", R"({"n": {"type": "Sequence"}})", R"({"n": 7})",
      R"({"n": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "_"}]}})");
  tokenizer["normalizer"] = json_object(bad)["n"];
  const auto refused = pre_tokenizer_name(tokenizer, false);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unprocessable);
}

TEST_CASE("pre_tokenizer: what has no name is refused, and the message lists what has",
          "[convert][tokenizer]") {
  const auto block = block_of("llama-bpe");
  const auto tokenizer =
      GENERATE_COPY(json::object{}, tokenizer_of(R"({"type": "Whitespace"})"),
                    tokenizer_of(R"({"type": "Sequence"})"), tokenizer_of(R"({"type": "Split"})"),
                    tokenizer_of(R"({"type": "ByteLevel", "add_prefix_space": true})"),
                    changed(block, "{1,3}", "{1,2}"), changed(block, "Isolated", "MergedWithNext"),
                    changed(block, "Regex", "String"),
                    changed(block, R"("use_regex": false)", R"("use_regex": true)"));
  CAPTURE(tokenizer);
  const auto refused = pre_tokenizer_name(tokenizer, true);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unprocessable);
  CHECK(refused.error().what.find("llama-bpe, qwen2, ") != std::string::npos);
}

TEST_CASE("pre_tokenizer: tekken.json's bare expression", "[convert][tokenizer]") {
  std::string pattern = tekken_pattern;
  CHECK(is_tekken_pattern(pattern));
  CHECK_FALSE(is_tekken_pattern(""));
  CHECK_FALSE(is_tekken_pattern(pattern + "|x"));
  pattern.erase(pattern.find(R"(|\p{N}|)"), 7);
  CHECK_FALSE(is_tekken_pattern(pattern));
}

TEST_CASE("pre_tokenizer: nesting is bounded", "[convert][tokenizer]") {
  std::string deep = R"({"type": "Digits", "individual_digits": true})";
  for (int i = 0; i < 40; ++i) {
    deep = R"({"type": "Sequence", "pretokenizers": [)" + deep + "]}";
  }
  boost::json::parse_options options;
  options.max_depth = 100;
  json::object tokenizer;
  tokenizer["pre_tokenizer"] = json::parse(deep, {}, options);
  CHECK_FALSE(pre_tokenizer_name(tokenizer, true));
}

}  // namespace waag::convert::testing
