#include "convert/tokenizer/text/bpe_model.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

using Tokens = std::vector<std::uint32_t>;

Result<BpeModel> read(const std::string& json) {
  return BpeModel::read(boost::json::parse(json).as_object());
}

std::string model(const std::string& more, const std::string& vocab = "",
                  const std::string& merges = R"("a b", ["ab", "c"], "b c")") {
  return R"({"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "abc": 4, "bc": 5)" + vocab +
         R"(}, "merges": [)" + merges + "]" + more + "}";
}

Tokens tokens_of(const std::string& json, std::string_view piece) {
  const auto made = read(json);
  CAPTURE(json, piece);
  REQUIRE(made);
  Tokens tokens;
  made->append(piece, tokens);
  return tokens;
}

}  // namespace

TEST_CASE("bpe_model: merges by rank, whichever way they are spelt", "[convert][tokenizer][text]") {
  CHECK(tokens_of(model(""), "abc") == Tokens{4});
  CHECK(tokens_of(model(""), "bcabb") == Tokens{5, 3, 1});
  CHECK(tokens_of(model("", "", R"("b c", "a b")"), "abc") == Tokens{0, 5});
  CHECK(tokens_of(model("", "", R"("a b", "b c", "a b")"), "abc") == Tokens{0, 5});
  CHECK(tokens_of(model(""), "").empty());
}

TEST_CASE("bpe_model: a piece that is a token", "[convert][tokenizer][text]") {
  const std::string vocab = R"(, "ca": 6)";
  CHECK(tokens_of(model("", vocab), "ca") == Tokens{2, 0});
  CHECK(tokens_of(model(R"(, "ignore_merges": true)", vocab), "ca") == Tokens{6});
  CHECK(tokens_of(model(R"(, "ignore_merges": true)", vocab), "cab") == Tokens{2, 3});
}

TEST_CASE("bpe_model: a letter that is no token", "[convert][tokenizer][text]") {
  const std::string vocab = R"(, "?": 9, "<0xC3>": 10, "<0xA9>": 11, "\u00df": 12)";
  const std::string unknown = R"(, "unk_token": "?")";
  CHECK(tokens_of(model("", vocab), "axxb") == Tokens{3});  // left out
  CHECK(tokens_of(model(unknown, vocab), "axxb") == Tokens{0, 9, 9, 1});
  CHECK(tokens_of(model(unknown + R"(, "fuse_unk": true)", vocab), "axxb\u00e9x") ==
        Tokens{0, 9, 1, 9});
  const auto bytes = unknown + R"(, "byte_fallback": true)";
  CHECK(tokens_of(model(bytes, vocab), "a\u00e9\u00df") == Tokens{0, 10, 11, 12});
  CHECK(tokens_of(model(bytes, vocab), "\u00e8") == Tokens{9});  // not all of its bytes
  CHECK(tokens_of(model(bytes, vocab), "x\u00e9") == Tokens{10, 11, 9});
}

TEST_CASE("bpe_model: of a vocabulary and its merges", "[convert][tokenizer][text]") {
  ByteLevelBpe bpe;
  bpe.vocabulary.tokens = {"ab", "a", "b", "ab", "ba"};
  bpe.vocabulary.types = {TokenType::control, TokenType::normal, TokenType::normal,
                          TokenType::normal, TokenType::normal};
  bpe.merges = {"a b"};
  const auto made = BpeModel::of_whole_pieces(bpe);
  REQUIRE(made);
  Tokens tokens;
  made->append("ab", tokens);
  made->append("ba", tokens);
  made->append("bab", tokens);
  CHECK(tokens == Tokens{3, 4, 2, 3});
  bpe.merges = {"x"};
  CHECK_FALSE(BpeModel::of_whole_pieces(bpe));
}

TEST_CASE("bpe_model: what is refused, by name", "[convert][tokenizer][text]") {
  const auto [json, says] = GENERATE(table<std::string, std::string_view>({
      {R"({"type": "WordPiece", "vocab": {}, "merges": []})", "WordPiece"},
      {R"({"vocab": {"a": 0}})", "no merges"},
      {R"({"merges": []})", "no vocab"},
      {R"({"vocab": {"a": -1}, "merges": []})", "the id of token"},
      {R"({"vocab": {"a": "x"}, "merges": []})", "the id of token"},
      {model(R"(, "dropout": 0.1)"), "dropout"},
      {model(R"(, "continuing_subword_prefix": "##")"), "continuing_subword_prefix"},
      {model(R"(, "end_of_word_suffix": "x")"), "end_of_word_suffix"},
      {model(R"(, "unk_token": "?")"), "unk_token"},
      {model(R"(, "byte_fallback": 1)"), "byte_fallback"},
      {model("", "", R"("a x")"), "not of tokens"},
      {model("", "", R"("a b c")"), "malformed"},
  }));
  const auto made = read(json);
  CAPTURE(json);
  REQUIRE_FALSE(made);
  CAPTURE(made.error().what);
  CHECK(made.error().code == Errc::unprocessable);
  CHECK(made.error().what.find(says) != std::string::npos);
}

TEST_CASE("bpe_model: letters and bytes", "[convert][tokenizer][text]") {
  CHECK(letter_bytes("ab") == 1);
  CHECK(letter_bytes("\u00e9b") == 2);
  CHECK(letter_bytes("\u4e2d") == 3);
  CHECK(letter_bytes("\U0001f600") == 4);
  CHECK(byte_token(0x0A) == "<0x0A>");
  CHECK(byte_token(0xFF) == "<0xFF>");
}

}  // namespace waag::convert::testing
