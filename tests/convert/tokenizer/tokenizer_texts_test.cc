#include "convert/tokenizer/tokenizer_texts.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "tests/support/temp_folder.h"

namespace waag::convert::testing {
namespace {

void write(const std::filesystem::path& path, std::string_view text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace

TEST_CASE("tokenizer_texts: every file; templates with plain line ends", "[convert][tokenizer]") {
  const waag::testing::TempFolder folder;
  const auto& at = folder.path();
  write(at / "tokenizer.json", "{}");
  write(at / "chat_template.jinja", "a\r\nb\rc\n\r");
  write(at / "additional_chat_templates" / "two.jinja", "2");
  write(at / "additional_chat_templates" / "one.jinja", "1");
  write(at / "additional_chat_templates" / "other.txt", "3");
  const auto texts = read_tokenizer_texts(at);
  REQUIRE(texts);
  CHECK(texts->tokenizer_json == "{}");
  CHECK_FALSE(texts->sentencepiece_model);
  CHECK_FALSE(texts->tokenizer_config);
  CHECK(texts->chat_template_jinja == "a\nb\nc\n\n");
  REQUIRE(texts->additional_templates.size() == 2);
  CHECK(texts->additional_templates[0].name == "one");
  CHECK(texts->additional_templates[1].text == "2");
}

TEST_CASE("tokenizer_texts: tekken.json counts where there is nothing else",
          "[convert][tokenizer]") {
  const waag::testing::TempFolder folder;
  write(folder.path() / "tekken.json", "{}");
  const auto alone = read_tokenizer_texts(folder.path());
  REQUIRE(alone);
  CHECK(alone->tekken_json == "{}");
  const auto* other = GENERATE("tokenizer.json", "tokenizer.model");
  write(folder.path() / other, "{}");
  std::filesystem::resize_file(folder.path() / "tekken.json", tokenizer_bytes_max + 1);
  const auto both = read_tokenizer_texts(folder.path());
  REQUIRE(both);
  CHECK_FALSE(both->tekken_json);
  std::filesystem::remove(folder.path() / other);
  const auto refused = read_tokenizer_texts(folder.path());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().what.starts_with("tekken.json"));
}

TEST_CASE("tokenizer_texts: what is refused", "[convert][tokenizer]") {
  const waag::testing::TempFolder folder;
  const auto& at = folder.path();
  SECTION("a file that is too large") {
    write(at / "tokenizer.json", "");
    std::filesystem::resize_file(at / "tokenizer.json", tokenizer_bytes_max + 1);
  }
  SECTION("a template that is not UTF-8") { write(at / "chat_template.jinja", "\xff"); }
  SECTION("too many templates") {
    write(at / "chat_template.jinja", "x");
    for (std::size_t i = 0; i <= chat_templates_max; ++i) {
      write(at / "additional_chat_templates" / (std::to_string(i) + ".jinja"), "x");
    }
  }
  const auto refused = read_tokenizer_texts(at);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unprocessable);
}

}  // namespace waag::convert::testing
