#include "convert/tokenizer/text/sentencepiece_tokenizer.h"

#include <catch2/catch.hpp>

#include "tests/convert/tokenizer/tokenizer_fixtures.h"

namespace waag::convert::testing {
namespace {

using Tokens = std::vector<std::uint32_t>;

/// <unk>, <s>, pieces by falling score.
SentencePieceModel model_of(const std::vector<std::string>& pieces) {
  SentencePieceModel model;
  model.pieces = {{"<unk>", 0, TokenType::unknown}, {"<s>", 0, TokenType::control}};
  for (std::size_t at = 0; at < pieces.size(); ++at)
    model.pieces.push_back({pieces[at], -static_cast<float>(at), TokenType::normal});
  model.rules.removes_extra_spaces = false;
  return model;
}

Tokens tokens_of(const SentencePieceModel& model, std::string_view text) {
  const auto made = SentencePieceTokenizer::of(model);
  REQUIRE(made);
  const auto tokens = made->tokens(text);
  CAPTURE(text);
  REQUIRE(tokens);
  return *tokens;
}

}  // namespace

TEST_CASE("sentencepiece_tokenizer: the highest score first", "[convert][tokenizer][text]") {
  const auto model = model_of({"bc", "ab", "abc", "a", "b", "c", "\u2581"});
  CHECK(tokens_of(model, "abcab") == Tokens{8, 4, 3});
  CHECK(tokens_of(model, "") == Tokens{});
  auto even = model_of({"ab", "bc", "a", "b", "c", "\u2581"});
  even.pieces[3].score = 0;  // of one score with "ab": the leftmost
  CHECK(tokens_of(even, "abc") == Tokens{7, 2, 6});
}

TEST_CASE("sentencepiece_tokenizer: spaces", "[convert][tokenizer][text]") {
  auto model = model_of({"\u2581a", "a", "\u2581", "b"});
  CHECK(tokens_of(model, "a  a ") == Tokens{2, 4, 2, 4});
  CHECK(tokens_of(model, " ") == Tokens{4, 4});
  model.rules.adds_space_in_front = false;
  CHECK(tokens_of(model, "a b") == Tokens{3, 4, 5});
  model.rules = {};
  CHECK(tokens_of(model, "  a   b  ") == Tokens{2, 4, 5});
  CHECK(tokens_of(model, "   ").empty());
  CHECK(tokens_of(model, "a\u2581") == Tokens{2});
}

TEST_CASE("sentencepiece_tokenizer: letters without a piece", "[convert][tokenizer][text]") {
  auto model = model_of({"a", "\u2581"});
  CHECK(tokens_of(model, "xya\u00e9") == Tokens{3, 0, 2, 0});
  model.rules.falls_back_to_bytes = true;
  for (const auto* byte : {"<0xC3>", "<0xA9>"}) model.pieces.push_back({byte, 0, TokenType::byte});
  CHECK(tokens_of(model, "a\u00e9") == Tokens{3, 2, 4, 5});
  CHECK_FALSE(SentencePieceTokenizer::of(model)->tokens("x"));
  auto without = model_of({"\u2581"});
  without.pieces[0].type = TokenType::control;
  CHECK_FALSE(SentencePieceTokenizer::of(without)->tokens("x"));
}

TEST_CASE("sentencepiece_tokenizer: pieces that users defined stay apart",
          "[convert][tokenizer][text]") {
  auto model = model_of({"ab", "bb", "b", "a", "\u2581", "aab"});
  model.pieces[2].is_user_defined = true;
  CHECK(tokens_of(model, "aabb") == Tokens{6, 5, 2, 4});
  model.pieces[7].is_user_defined = true;
  CHECK(tokens_of(model, "aabb") == Tokens{6, 7, 4});
}

TEST_CASE("sentencepiece_tokenizer: of a file; control pieces", "[convert][tokenizer][text]") {
  const auto parsed = parse_sentencepiece_model(merged_sentencepiece_model());
  REQUIRE(parsed);
  const auto made = SentencePieceTokenizer::of(*parsed);
  REQUIRE(made);
  CHECK(*made->tokens("abb a\n") == Tokens{5, 4, 5, 6, 2});
  CHECK(made->control("<s>") == 1);
  CHECK(made->control("ab") == std::nullopt);
}

TEST_CASE("sentencepiece_tokenizer: what is refused, by name", "[convert][tokenizer][text]") {
  auto model = model_of({"a"});
  std::string_view says;
  SECTION("unigram") {
    model.is_unigram = true;
    says = "unigram";
  }
  SECTION("a character map") {
    model.rules.has_character_map = true;
    says = "character map";
  }
  SECTION("plain spaces") {
    model.rules.escapes_spaces = false;
    says = "plain spaces";
  }
  SECTION("spaces behind") {
    model.rules.has_space_behind = true;
    says = "suffix";
  }
  SECTION("unused") {
    model.pieces.push_back({"b", 0, TokenType::unused});
    says = "unused";
  }
  SECTION("bytes") {
    model.pieces.push_back({"<0x0A>", 0, TokenType::byte});
    says = "byte_fallback";
  }
  SECTION("twice") {
    model.pieces.push_back({"a", 0, TokenType::normal});
    says = "twice";
  }
  SECTION("a long piece of a user's") {
    model.pieces.push_back({std::string(1025, 'a'), 0, TokenType::normal, true});
    says = "so long";
  }
  const auto made = SentencePieceTokenizer::of(model);
  REQUIRE_FALSE(made);
  CHECK(made.error().code == Errc::unprocessable);
  CAPTURE(made.error().what);
  CHECK(made.error().what.find(says) != std::string::npos);
}

}  // namespace waag::convert::testing
