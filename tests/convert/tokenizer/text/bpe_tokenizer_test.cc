#include "convert/tokenizer/text/bpe_tokenizer.h"

#include <boost/json/value.hpp>
#include <catch2/catch.hpp>

#include "tests/convert/tokenizer/tekken/tekken_fixture.h"
#include "tests/convert/tokenizer/tokenizer_fixtures.h"

namespace waag::convert::testing {
namespace {

using Tokens = std::vector<std::uint32_t>;

Tokens tokens_of(const boost::json::object& tokenizer, std::string_view text) {
  const auto made = BpeTokenizer::read_tokenizer_json(tokenizer);
  REQUIRE(made);
  const auto tokens = made->tokens(text);
  REQUIRE(tokens);
  return *tokens;
}

}  // namespace

TEST_CASE("bpe_tokenizer: byte-level BPE", "[convert][tokenizer][text]") {
  CHECK(tokens_of(small_tokenizer(), "ab ba") == Tokens{2, 3, 1, 0});
  CHECK(tokens_of(small_tokenizer(), "").empty());
  CHECK(tokens_of(small_tokenizer(), "a<|eot|>") == Tokens{0});  // its letters are no tokens
}

TEST_CASE("bpe_tokenizer: an added token that is not special", "[convert][tokenizer][text]") {
  auto tokenizer = small_tokenizer();
  tokenizer["added_tokens"].as_array()[1].as_object()["special"] = false;
  CHECK(tokens_of(tokenizer, "a<|eot|>b") == Tokens{0, 5, 1});
}

TEST_CASE("bpe_tokenizer: SentencePiece's form", "[convert][tokenizer][text]") {
  const auto tokenizer = json_object(merged_tokenizer_json);
  CHECK(tokens_of(tokenizer, "abb a\n") == Tokens{5, 4, 5, 6, 2});
  CHECK(tokens_of(tokenizer, "xyb") == Tokens{5, 0, 7});
}

TEST_CASE("bpe_tokenizer: tekken.json", "[convert][tokenizer][text]") {
  const auto tekken = read_whole_tekken(small_tekken());
  REQUIRE(tekken);
  const auto made = BpeTokenizer::of_tekken(*tekken);
  REQUIRE(made);
  CHECK(*made->tokens("the the") == Tokens{5 + 't', 262, 263});
  CHECK(*made->tokens("<s>") == Tokens{5 + '<', 5 + 's', 5 + '>'});
}

TEST_CASE("bpe_tokenizer: what is refused", "[convert][tokenizer][text]") {
  auto tokenizer = small_tokenizer();
  tokenizer["normalizer"] = json_object(R"({"type": "NFKC"})");
  CHECK_FALSE(BpeTokenizer::read_tokenizer_json(tokenizer));
  tokenizer = small_tokenizer();
  tokenizer.erase("model");
  CHECK_FALSE(BpeTokenizer::read_tokenizer_json(tokenizer));
}

}  // namespace waag::convert::testing
