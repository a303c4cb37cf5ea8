#include "convert/tokenizer/tekken/byte_alphabet.h"

#include <set>

#include <catch2/catch.hpp>

#include "protocol/utf8.h"

namespace waag::convert::testing {

TEST_CASE("byte_alphabet: GPT-2's letters", "[convert][tokenizer]") {
  CHECK(in_byte_alphabet("").empty());
  CHECK(in_byte_alphabet(" the\n") == "\u0120the\u010a");
  CHECK(in_byte_alphabet("~!") == "~!");
  CHECK(in_byte_alphabet(std::string_view("\0\x1f\x7f\x80", 4)) == "\u0100\u011f\u0121\u0122");
  CHECK(in_byte_alphabet("\xa0\xa1\xac\xad\xae\xff") == "\u0142\u00a1\u00ac\u0143\u00ae\u00ff");
}

TEST_CASE("byte_alphabet: each byte has one of its own", "[convert][tokenizer]") {
  std::set<std::string> letters;
  for (int byte = 0; byte < 256; ++byte) {
    const auto letter = in_byte_alphabet(std::string(1, static_cast<char>(byte)));
    CHECK(is_utf8(letter));
    CHECK(letter != " ");
    letters.insert(letter);
  }
  CHECK(letters.size() == 256);
}

}  // namespace waag::convert::testing
