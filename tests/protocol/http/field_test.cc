#include "protocol/http/field.h"

#include <catch2/catch.hpp>

using namespace waag::http;

TEST_CASE("field: small questions", "[protocol][field]") {
  CHECK(trimmed(" \t a b\t ") == "a b");
  CHECK(trimmed(" \t").empty());
  CHECK(equal_nocase("Content-Length", "cONTENT-lENGTH"));
  CHECK_FALSE(equal_nocase("a", "ab"));
  CHECK_FALSE(equal_nocase("@", "`"));  // 0x40 and 0x60: letters only fold
  CHECK(is_token("X-A_b!~9"));
  CHECK_FALSE(is_token(""));
  CHECK_FALSE(is_token("a b"));
  CHECK_FALSE(is_token(std::string_view("a\0", 2)));
  CHECK(decimal("007") == 7);
  CHECK(decimal("18446744073709551615") == ~std::uint64_t{0});
  for (const auto* text : {"", "18446744073709551616", "-1", "+1", " 1", "1 ", "1x", "0x1"})
    CHECK_FALSE(decimal(text));
  CHECK(is_field_value("a\tb \xC3"));
  CHECK_FALSE(is_field_value("a\nb"));
  CHECK_FALSE(is_field_value("a\x7F"));
}
