#include "convert/tokenizer/sentencepiece/sentencepiece_vocabulary.h"

#include <catch2/catch.hpp>

#include "tests/convert/tokenizer/tokenizer_fixtures.h"

namespace waag::convert::testing {
namespace {

std::vector<SentencePiece> small_pieces() {
  auto model = parse_sentencepiece_model(small_sentencepiece_model());
  REQUIRE(model);
  return std::move(model->pieces);
}

}  // namespace

TEST_CASE("sentencepiece_vocabulary: pieces, then pads", "[convert][tokenizer]") {
  const auto vocabulary = read_sentencepiece_vocabulary(small_pieces(), nullptr, nullptr, 8);
  REQUIRE(vocabulary);
  CHECK(vocabulary->tokens[6] == "b");
  CHECK(vocabulary->scores[6] == -2.0F);
  CHECK(vocabulary->tokens[7] == "[PAD7]");
  CHECK(vocabulary->scores[7] == -10000.0F);
  CHECK(vocabulary->types[7] == TokenType::unused);
}

TEST_CASE("sentencepiece_vocabulary: added_tokens.json, then added_tokens_decoder",
          "[convert][tokenizer]") {
  const auto added = json_object(R"({"<s>": 1, "<x>": 7, "beyond": 10})");
  const auto config = json_object(R"({"added_tokens_decoder": {
    "1": {"content": "<s>", "special": true}, "8": {"content": "p\u2581q", "special": false},
    "9": {"content": "<|z|>"}, "4000000000": {"content": "beyond"}}})");
  const auto vocabulary = read_sentencepiece_vocabulary(small_pieces(), &added, &config, 10);
  REQUIRE(vocabulary);
  const auto& [tokens, types, scores] = *vocabulary;
  CHECK(types[1] == TokenType::control);
  CHECK(std::vector(tokens.begin() + 7, tokens.end()) ==
        std::vector<std::string>{"<x>", "p q", "<|z|>"});
  CHECK(std::vector(types.begin() + 7, types.end()) ==
        std::vector{TokenType::user_defined, TokenType::user_defined, TokenType::control});
  CHECK(std::vector(scores.begin() + 7, scores.end()) == std::vector<float>(3, -1000.0F));
}

TEST_CASE("sentencepiece_vocabulary: what is refused", "[convert][tokenizer]") {
  const auto pieces = small_pieces();
  CHECK_FALSE(read_sentencepiece_vocabulary(pieces, nullptr, nullptr, 6));
  CHECK_FALSE(read_sentencepiece_vocabulary(pieces, nullptr, nullptr, vocab_size_max + 1));
  const auto added = json_object(
      GENERATE(R"({"x": -1})", R"({"x": null})", R"({"x": "7"})", R"({"b": 7})", R"({"x": 1.0})"));
  const auto of_added = read_sentencepiece_vocabulary(pieces, &added, nullptr, 8);
  REQUIRE_FALSE(of_added);
  CHECK(of_added.error().code == Errc::unprocessable);
  const auto config = json_object(
      GENERATE(R"({"added_tokens_decoder": {"x": {"content": "x"}}})",
               R"({"added_tokens_decoder": {"-7": {"content": "x"}}})",
               R"({"added_tokens_decoder": {"7": {"content": 7}}})",
               R"({"added_tokens_decoder": {"7": "x"}})",
               R"({"added_tokens_decoder": {"7": {"content": "x", "special": "no"}}})",
               R"({"added_tokens_decoder": {"99999999999999999999": {"content": "x"}}})"));
  const auto of_config = read_sentencepiece_vocabulary(pieces, nullptr, &config, 8);
  REQUIRE_FALSE(of_config);
  CHECK(of_config.error().code == Errc::unprocessable);
}

}  // namespace waag::convert::testing
