#include "convert/tokenizer/sentencepiece/merged_pieces.h"

#include <catch2/catch.hpp>

#include "tests/convert/tokenizer/tokenizer_fixtures.h"

namespace waag::convert::testing {
namespace {

/// The fixture with one of its parts another.
std::string changed(std::string_view from, std::string_view to) {
  std::string text = merged_tokenizer_json;
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

Result<std::vector<SentencePiece>> read(const std::string& text, std::uint64_t vocab_size = 9) {
  return read_merged_pieces(json_object(text), vocab_size);
}

constexpr std::string_view normalizer = R"("normalizer": {"type": "Sequence", "normalizers": [
    {"type": "Prepend", "prepend": "\u2581"},
    {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]},
  "pre_tokenizer": null)";
std::string metaspace(const std::string& scheme, const std::string& split = "false") {
  return changed(normalizer, R"("normalizer": null, "pre_tokenizer": {"type": "Metaspace",
    "replacement": "\u2581", "prepend_scheme": ")" +
                                 scheme + R"(", "split": )" + split + "}");
}

}  // namespace

TEST_CASE("merged_pieces: the pieces of the model that it was made of", "[convert][tokenizer]") {
  const auto text = GENERATE(std::string(merged_tokenizer_json), metaspace("first"),
                             metaspace("always"), changed(R"("ab b")", R"(["ab", "b"])"));
  CHECK(is_of_sentencepiece(json_object(text)));
  const auto pieces = read(text);
  if (!pieces) FAIL(pieces.error().what);
  auto model = parse_sentencepiece_model(merged_sentencepiece_model());
  REQUIRE(model);
  REQUIRE(pieces->size() == model->pieces.size());
  for (std::size_t id = 0; id < pieces->size(); ++id) {
    CAPTURE(id);
    CHECK((*pieces)[id].text == model->pieces[id].text);
    if (id < 2) {  // added: of them tokenizer.json knows no more
      CHECK((*pieces)[id].type == TokenType::control);
      CHECK((*pieces)[id].score == -1000);
    } else {
      CHECK((*pieces)[id].type == model->pieces[id].type);
      CHECK((*pieces)[id].score == model->pieces[id].score);
    }
  }
}

TEST_CASE("merged_pieces: added tokens", "[convert][tokenizer]") {
  const auto text = changed(R"({"id": 1, "content": "<s>", "special": true})",
                            R"({"id": 1, "content": "<s>", "special": true},
                               {"id": 9, "content": "x\u2581y", "special": false},
                               {"id": 10, "content": "<|z|>"}, {"id": 12, "content": "beyond"})");
  const auto pieces = read(text, 12);
  REQUIRE(pieces);
  REQUIRE(pieces->size() == 11);
  CHECK((*pieces)[8].text == "[PAD8]");
  CHECK((*pieces)[8].type == TokenType::unused);
  CHECK((*pieces)[9].text == "x y");
  CHECK((*pieces)[9].type == TokenType::user_defined);
  CHECK((*pieces)[10].type == TokenType::control);
}

TEST_CASE("merged_pieces: scores follow the merges where these are not in the vocabulary's order",
          "[convert][tokenizer]") {
  const auto pieces = read(changed(R"(["a b", "ab b"])", R"(["ab b", "a b"])"));
  if (!pieces) FAIL(pieces.error().what);
  CHECK((*pieces)[4].score == -1);  // abb
  CHECK((*pieces)[3].score == -2);  // ab, which would be 0 by its id
  CHECK((*pieces)[5].score == -2);  // a character: no merge makes it
}

TEST_CASE("merged_pieces: byte-level BPE is none of these", "[convert][tokenizer]") {
  CHECK_FALSE(is_of_sentencepiece(small_tokenizer()));
  CHECK_FALSE(is_of_sentencepiece(json_object("{}")));
  CHECK_FALSE(is_of_sentencepiece(json_object(R"({"model": {"type": "Unigram"}})")));
}

TEST_CASE("merged_pieces: what llama.cpp would split otherwise is refused",
          "[convert][tokenizer]") {
  const auto text =
      GENERATE(metaspace("never"), metaspace("first", "true"),
               changed(R"({"type": "Prepend", "prepend": "\u2581"},)", ""),
               changed(R"("String": " ")", R"("String": "x")"), changed(normalizer, R"("x": 1)"),
               changed(R"(["a b", "ab b"])", R"(["a b", "ab b", "a b"])"),  // a piece at two ranks
               changed(R"(["a b", "ab b"])", R"(["a b"])"),  // a piece that no merge makes
               changed(R"("ab b")", R"("a bb")"), changed(R"("ab b")", R"("abb")"),
               changed(R"("ab b")", "7"), changed(R"("abb": 4)", R"("abb": 3)"),
               changed(R"("abb": 4)", R"("abb": -4)"), changed(R"("abb": 4)", R"("abb": 5000000)"),
               changed(R"("id": 1,)", ""), changed(R"("vocab")", R"("words")"),
               changed(R"("merges")", R"("mixes")"));
  CAPTURE(text);
  const auto refused = read(text);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unprocessable);
  CHECK(refused.error().what.starts_with("tokenizer.json: "));
}

}  // namespace waag::convert::testing
