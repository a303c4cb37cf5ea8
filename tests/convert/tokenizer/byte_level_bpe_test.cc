#include "convert/tokenizer/byte_level_bpe.h"

#include <catch2/catch.hpp>

#include "tests/convert/tokenizer/tokenizer_fixtures.h"

namespace waag::convert::testing {
namespace {

constexpr auto normal = TokenType::normal, control = TokenType::control,
               user = TokenType::user_defined, unused = TokenType::unused;

Result<ByteLevelBpe> read(const boost::json::object& tokenizer, std::uint64_t vocab_size = 8) {
  return read_byte_level_bpe(tokenizer, nullptr, vocab_size);
}

boost::json::object with_added(std::string_view token) {
  auto tokenizer = small_tokenizer();
  tokenizer["added_tokens"].as_array().push_back(json_object(token));
  return tokenizer;
}

boost::json::object with_model(std::string_view model) {
  auto tokenizer = small_tokenizer();
  tokenizer["model"] = json_object(model);
  return tokenizer;
}

}  // namespace

TEST_CASE("byte_level_bpe: tokens, types, merges; what is missing becomes a pad",
          "[convert][tokenizer]") {
  const auto bpe = read(with_added(R"({"id": 7, "content": "x\u2581y", "special": false})"));
  REQUIRE(bpe);
  const std::vector<std::string> tokens{"a",       "b",       "ab",     "\u0120",
                                        "<|bos|>", "<|eot|>", "[PAD6]", "x y"};
  CHECK(bpe->vocabulary.tokens == tokens);
  const std::vector types{normal, normal, normal, normal, control, control, unused, user};
  CHECK(bpe->vocabulary.types == types);
  CHECK(bpe->vocabulary.scores.empty());
  CHECK(bpe->merges == std::vector<std::string>{"a b"});
}

TEST_CASE("byte_level_bpe: an added token that looks special is control", "[convert][tokenizer]") {
  const auto bpe = read(with_added(R"({"id": 6, "content": "<|tool|>", "special": false})"));
  REQUIRE(bpe);
  CHECK(bpe->vocabulary.types[6] == control);
}

TEST_CASE("byte_level_bpe: merges in pairs; a space within becomes U+0120",
          "[convert][tokenizer]") {
  const auto bpe = read(with_model(R"({"vocab": {"a": 0, " b": 1, "a b": 2, "a ba b": 3},
                                       "merges": [["a", " b"], ["a b", "a b"]]})"));
  REQUIRE(bpe);
  CHECK(bpe->merges == std::vector<std::string>{"a \u0120b", "a\u0120b a\u0120b"});
}

TEST_CASE("byte_level_bpe: tokens that only tokenizer_config.json adds", "[convert][tokenizer]") {
  auto tokenizer = small_tokenizer();
  tokenizer["added_tokens"].as_array()[1].as_object()["special"] = false;
  const auto config = json_object(R"({"pad_token": "<pad>", "unk_token": {"content": "a"},
    "additional_special_tokens": ["<more>", "<|bos|>"], "added_tokens_decoder": {
      "4": {"content": "<|bos|>", "special": true}, "10": {"content": "<n>", "special": false},
      "9": {"content": "<m>", "special": true}}})");
  const auto bpe = read_byte_level_bpe(tokenizer, &config, 10);
  REQUIRE(bpe);
  const auto& [tokens, types, scores] = bpe->vocabulary;
  CHECK(std::vector(tokens.begin() + 6, tokens.end()) ==
        std::vector<std::string>{"<m>", "<n>", "<pad>", "<more>"});
  CHECK(std::vector(types.begin() + 6, types.end()) ==
        std::vector{control, user, control, control});
  CHECK(types[0] == control);
  const auto too_small = read_byte_level_bpe(tokenizer, &config, 9);
  REQUIRE_FALSE(too_small);
  CHECK(too_small.error().what.find("\"<more>\"") != std::string::npos);
}

TEST_CASE("byte_level_bpe: tokenizer_config.json says whether an added token is special",
          "[convert][tokenizer]") {
  auto tokenizer = small_tokenizer();
  tokenizer["added_tokens"] = json_object(R"({"x": [{"id": 4, "content": "<t>",
                                                     "special": false}]})")["x"];
  const auto config = json_object(R"({"added_tokens_decoder": {"4": {"content": "<t>",
                                                                     "special": true}}})");
  CHECK(read_byte_level_bpe(tokenizer, nullptr, 5)->vocabulary.types[4] == user);
  CHECK(read_byte_level_bpe(tokenizer, &config, 5)->vocabulary.types[4] == control);
}

TEST_CASE("byte_level_bpe: added tokens that are refused", "[convert][tokenizer]") {
  const auto token = GENERATE(
      R"({"id": 8, "content": "x"})", R"({"id": -1, "content": "x"})", R"({"content": "x"})",
      R"({"id": 1.5, "content": "x"})", R"({"id": 18446744073709551615, "content": "x"})",
      R"({"id": 0, "content": "x"})", R"({"id": 7, "content": "a"})", R"({"id": 7})",
      R"({"id": 7, "content": "x", "special": 1})", R"({"id": 7, "content": "[PAD6]"})");
  CAPTURE(token);
  const auto refused = read(with_added(token));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unprocessable);
}

TEST_CASE("byte_level_bpe: models that are refused", "[convert][tokenizer]") {
  const auto model = GENERATE(
      R"({"type": "Unigram"})", R"({"type": "BPE"})", R"({"vocab": {"a": 0}})",
      R"({"vocab": {"a": 0}, "merges": [], "byte_fallback": true})",
      R"({"vocab": {"a": 0}, "merges": [], "end_of_word_suffix": "</w>"})",
      R"({"vocab": {"a": 8}, "merges": []})", R"({"vocab": {"a": -1}, "merges": []})",
      R"({"vocab": {"a": "0"}, "merges": []})", R"({"vocab": {"a": 0, "b": 0}, "merges": []})",
      R"({"vocab": [], "merges": []})", R"({"vocab": {"a": 0, "b": 1}, "merges": ["a b"]})",
      R"({"vocab": {"a": 0, "aa": 1}, "merges": ["a a a"]})",
      R"({"vocab": {"a": 0, "aa": 1}, "merges": ["aa"]})",
      R"({"vocab": {"a": 0, "aa": 1}, "merges": [["a"]]})",
      R"({"vocab": {"a": 0, "aa": 1}, "merges": [["a", 1]]})",
      R"({"vocab": {"a": 0, "aa": 1}, "merges": [["", "a"]]})",
      R"({"vocab": {"a": 0, "aa": 1}, "merges": [null]})");
  CAPTURE(model);
  const auto refused = read(with_model(model));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unprocessable);
  CHECK(refused.error().what.starts_with("tokenizer.json: "));
}

TEST_CASE("byte_level_bpe: the size of the vocabulary is bounded", "[convert][tokenizer]") {
  CHECK(read(small_tokenizer(), 6));
  CHECK_FALSE(read(small_tokenizer(), 5));
  CHECK_FALSE(read(small_tokenizer(), 0));
  CHECK_FALSE(read(small_tokenizer(), vocab_size_max + 1));
  CHECK_FALSE(read({}));
}

}  // namespace waag::convert::testing
