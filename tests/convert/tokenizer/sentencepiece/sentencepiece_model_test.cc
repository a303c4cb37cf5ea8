#include "convert/tokenizer/sentencepiece/sentencepiece_model.h"

#include <limits>

#include <catch2/catch.hpp>

#include "tests/convert/tokenizer/tokenizer_fixtures.h"

namespace waag::convert::testing {

TEST_CASE("sentencepiece_model: pieces in order, with their scores and types",
          "[convert][tokenizer]") {
  const auto model = parse_sentencepiece_model(small_sentencepiece_model());
  REQUIRE(model);
  const auto* pieces = &model->pieces;
  CHECK_FALSE(model->is_unigram);
  REQUIRE(pieces->size() == 7);
  CHECK((*pieces)[0].type == TokenType::unknown);
  CHECK((*pieces)[1].type == TokenType::control);
  CHECK((*pieces)[3].type == TokenType::byte);
  CHECK((*pieces)[4].type == TokenType::normal);  // user-defined
  CHECK((*pieces)[5].text == "\u2581a");
  CHECK((*pieces)[5].score == -1.5F);
  CHECK((*pieces)[5].type == TokenType::normal);  // the default
}

TEST_CASE("sentencepiece_model: unknown fields are skipped", "[convert][tokenizer]") {
  const std::string fixed64 = std::string{9 << 3 | 1} + std::string(8, '\7');
  const std::string fixed32 = std::string{9 << 3 | 5} + std::string(4, '\7');
  const auto extra = bytes_field(5, "abc") + varint_field(9, 1) + fixed64 + fixed32;
  const auto model = parse_sentencepiece_model(extra + bytes_field(1, bytes_field(1, "x") + extra) +
                                               bytes_field(2, extra));
  REQUIRE(model);
  const auto* pieces = &model->pieces;
  CHECK(model->is_unigram);  // as nothing says otherwise
  REQUIRE(pieces->size() == 1);
  CHECK(pieces->front().text == "x");
  CHECK(pieces->front().score == 0);
}

TEST_CASE("sentencepiece_model: cut anywhere, it is refused or has fewer pieces",
          "[convert][tokenizer]") {
  const auto model = small_sentencepiece_model();
  std::size_t accepted = 0;
  for (std::size_t size = 0; size < model.size(); ++size) {
    const auto parsed = parse_sentencepiece_model(std::string_view(model).substr(0, size));
    if (parsed) {
      ++accepted;
      CHECK(parsed->pieces.size() <= 7);
    } else {
      CHECK(parsed.error().code == Errc::unprocessable);
    }
  }
  CHECK(accepted == 7);  // just behind each piece
}

TEST_CASE("sentencepiece_model: what is refused", "[convert][tokenizer]") {
  const auto nan = std::numeric_limits<float>::quiet_NaN();
  const auto model = GENERATE_COPY(
      std::string(), std::string("\0\1", 2), std::string("\x0b"), std::string(11, '\xff'),
      bytes_field(1, bytes_field(1, "\xc3")), piece_field("a", nan, 0), piece_field("a", 0, 7),
      bytes_field(1, varint_field(1, 1)), bytes_field(1, bytes_field(2, "abcd")),
      bytes_field(1, bytes_field(3, "")), bytes_field(2, varint_field(3, 2)),
      piece_field("a", 0, 0) + bytes_field(2, varint_field(3, 3)), std::string("\x0a\x7f"),
      std::string("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"));
  const auto refused = parse_sentencepiece_model(model);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unprocessable);
}

TEST_CASE("sentencepiece_model: how texts are made pieces of", "[convert][tokenizer]") {
  const auto plain = parse_sentencepiece_model(small_sentencepiece_model());
  REQUIRE(plain);
  CHECK(plain->pieces[4].is_user_defined);
  CHECK_FALSE(plain->pieces[5].is_user_defined);
  CHECK_FALSE(plain->rules.has_character_map);
  CHECK(plain->rules.adds_space_in_front);
  CHECK(plain->rules.removes_extra_spaces);
  CHECK(plain->rules.escapes_spaces);
  CHECK_FALSE(plain->rules.has_space_behind);
  CHECK_FALSE(plain->rules.falls_back_to_bytes);
  const std::string suffix{'\xc0', '\x01', '\x01'}, fallback{'\x98', '\x02', '\x01'};  // 24, 35
  const auto other = parse_sentencepiece_model(
      small_sentencepiece_model() + bytes_field(2, varint_field(3, 2) + suffix + fallback) +
      bytes_field(
          3, bytes_field(2, "map") + varint_field(3, 0) + varint_field(4, 0) + varint_field(5, 0)));
  REQUIRE(other);
  CHECK(other->rules.has_character_map);
  CHECK_FALSE(other->rules.adds_space_in_front);
  CHECK_FALSE(other->rules.removes_extra_spaces);
  CHECK_FALSE(other->rules.escapes_spaces);
  CHECK(other->rules.has_space_behind);
  CHECK(other->rules.falls_back_to_bytes);
}

}  // namespace waag::convert::testing
