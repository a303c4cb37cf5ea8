#include "convert/tokenizer/chat_templates.h"

#include <catch2/catch.hpp>

#include "tests/convert/tokenizer/tokenizer_fixtures.h"

namespace waag::convert::testing {
namespace {

TokenizerTexts all_files() {
  TokenizerTexts texts;
  texts.chat_template_json = R"({"chat_template": "json"})";
  texts.chat_template_jinja = "jinja";
  texts.additional_templates = {{"rag", "R"}, {"tool use", "T"}};
  return texts;
}

Result<GgufEntries> entries(const TokenizerTexts& texts, std::string_view tokenizer_config) {
  const auto config = json_object(tokenizer_config);
  return chat_template_entries(texts, &config);
}

const GgufEntry default_of(const std::string& text) { return {"tokenizer.chat_template", text}; }

}  // namespace

TEST_CASE("chat_templates: which file wins", "[convert][tokenizer]") {
  auto texts = all_files();
  CHECK(*entries(texts, R"({"chat_template": "config"})") == GgufEntries{default_of("config")});
  CHECK(entries(texts, R"({"chat_template": null})")->empty());
  const std::vector<std::string> names{"rag", "tool_use"};
  CHECK(*entries(texts, R"({"a": 1})") == GgufEntries{{"tokenizer.chat_template.rag", "R"},
                                                      {"tokenizer.chat_template.tool_use", "T"},
                                                      {"tokenizer.chat_templates", names},
                                                      default_of("jinja")});
  texts.additional_templates.clear();
  CHECK(*entries(texts, R"({"a": 1})") == GgufEntries{default_of("jinja")});
  texts.chat_template_jinja.reset();
  CHECK(*entries(texts, R"({"a": 1})") == GgufEntries{default_of("json")});
  CHECK(chat_template_entries(texts, nullptr)->empty());
  texts.chat_template_json.reset();
  CHECK(entries(texts, R"({"a": 1})")->empty());
}

TEST_CASE("chat_templates: of the files alone", "[convert][tokenizer]") {
  TokenizerTexts texts;
  CHECK(chat_template_file_entries(texts)->empty());
  texts.chat_template_json = R"({"chat_template": "json"})";
  CHECK(*chat_template_file_entries(texts) == GgufEntries{default_of("json")});
  texts.chat_template_jinja = "jinja";
  CHECK(*chat_template_file_entries(texts) == GgufEntries{default_of("jinja")});
  texts.chat_template_jinja.reset();
  texts.chat_template_json = R"({"chat_template": [{"name": 1, "template": "x"}]})";
  CHECK(chat_template_file_entries(texts).error().code == Errc::unprocessable);
}

TEST_CASE("chat_templates: a list", "[convert][tokenizer]") {
  const std::vector<std::string> names{"a__b"};
  CHECK(*entries({}, R"({"chat_template": [
          {"name": "default", "template": "D"}, {"name": "a\u20ac b", "template": "B"},
          {"name": "", "template": "no name"}, {"name": "no template"}]})") ==
        GgufEntries{{"tokenizer.chat_template.a__b", "B"},
                    {"tokenizer.chat_templates", names},
                    default_of("D")});
}

TEST_CASE("chat_templates: what is refused", "[convert][tokenizer]") {
  const auto config = GENERATE(
      R"({"chat_template": [1]})", R"({"chat_template": [{"name": 1, "template": "x"}]})",
      R"({"chat_template": [{"name": "a", "template": "x"}, {"name": "a", "template": "y"}]})");
  const auto refused = entries({}, config);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unprocessable);
  TokenizerTexts texts;
  texts.chat_template_json = "{";
  CHECK(entries(texts, R"({"a": 1})").error().code == Errc::unprocessable);
}

}  // namespace waag::convert::testing
