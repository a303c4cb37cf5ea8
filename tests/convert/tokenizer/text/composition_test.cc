#include "convert/tokenizer/text/composition.h"

#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

void becomes(std::string_view text, std::string_view wanted) {
  const auto made = composed(text);
  CAPTURE(text);
  REQUIRE(made);
  CHECK(*made == wanted);
}

}  // namespace

TEST_CASE("composition: letters and marks become one", "[convert][tokenizer][text]") {
  becomes("", "");
  becomes("plain", "plain");
  becomes("e\u0301", "\u00e9");
  becomes("xe\u0301y\u0301", "x\u00e9\u00fd");
  becomes("\u0301e", "\u0301e");
  becomes("\u1112\u1161\u11ab", "\ud55c");
  becomes("\u212b\u2126", "\u00c5\u03a9");
  becomes("a\u0323\u0307", "\u1ea1\u0307");
  becomes("a\u0307\u0323", "\u1ea1\u0307");  // marks in order
  becomes("\u4e2de\u0301\u4e2d", "\u4e2d\u00e9\u4e2d");
  becomes(std::string_view("a\0e\u0301", 5), std::string_view("a\0\u00e9", 4));
}

TEST_CASE("composition: younger marks stay as they are", "[convert][tokenizer][text]") {
  becomes("a\u0345\u0316", "a\u0316\u0345");
  becomes("a\u0345\u08ca", "a\u0345\u08ca");
  becomes("a\u0345\U00010f82e\u0301", "a\u0345\U00010f82\u00e9");
  becomes("\U00011935\U00011930", "\U00011935\U00011930");
}

TEST_CASE("composition: too many marks in a row", "[convert][tokenizer][text]") {
  std::string text = "a";
  for (std::size_t i = 0; i < marks_in_a_row_max; ++i) text += "\u0316";
  CHECK(composed(text));
  const auto made = composed(text + "\u0316");
  REQUIRE_FALSE(made);
  CHECK(made.error().code == Errc::unprocessable);
  CHECK(composed(text + "b" + text));
}

}  // namespace waag::convert::testing
