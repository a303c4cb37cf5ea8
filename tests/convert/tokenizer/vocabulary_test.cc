#include "convert/tokenizer/vocabulary.h"

#include <catch2/catch.hpp>

namespace waag::convert::testing {

TEST_CASE("vocabulary: which added tokens look special", "[convert][tokenizer]") {
  const auto special = GENERATE("<|im_start|>", "<\uff5cUser\uff5c>", "<unused7>", "<mask>");
  CHECK(looks_special(special));
  const auto plain = GENERATE("<think>", "<|open", "close|>", "", "<\uff5cUser|>");
  CHECK_FALSE(looks_special(plain));
}

TEST_CASE("vocabulary: U+2581 stands for a space", "[convert][tokenizer]") {
  CHECK(with_plain_spaces("\u2581a\u2581\u2581b\u2581") == " a  b ");
  CHECK(with_plain_spaces("\u2580a") == "\u2580a");
  CHECK(with_plain_spaces("").empty());
}

TEST_CASE("vocabulary: texts are distinct UTF-8", "[convert][tokenizer]") {
  Vocabulary vocabulary;
  vocabulary.tokens = {"a", "", "b", ""};
  CHECK(check_vocabulary(vocabulary));
  vocabulary.tokens.emplace_back("a");
  auto refused = check_vocabulary(vocabulary);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unprocessable);
  CHECK(refused.error().what == "tokens 0 and 4 have the same text");
  vocabulary.tokens = {"a", "\xc3"};
  refused = check_vocabulary(vocabulary);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unprocessable);
}

}  // namespace waag::convert::testing
