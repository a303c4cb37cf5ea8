#include "protocol/utf8.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace std::string_view_literals;

TEST_CASE("utf8: well-formed text", "[protocol][utf8]") {
  const auto text =
      GENERATE(""sv, "plain"sv, "\0"sv, "\xC2\x80"sv, "\xDF\xBF"sv, "\xE0\xA0\x80"sv,
               "\xED\x9F\xBF"sv, "\xEE\x80\x80"sv, "\xEF\xBF\xBF"sv, "\xF0\x90\x80\x80"sv,
               "\xF4\x8F\xBF\xBF"sv, "a\xC3\xA9\xF0\x9F\xA4\x97z"sv);
  CAPTURE(text);
  CHECK(is_utf8(text));
}

TEST_CASE("utf8: ill-formed text", "[protocol][utf8]") {
  const auto text = GENERATE("\x80"sv, "\xBF"sv, "\xC0\x80"sv, "\xC1\xBF"sv, "\xC2"sv, "\xC2 "sv,
                             "\xE0\x9F\xBF"sv, "\xE0\xA0"sv, "\xED\xA0\x80"sv, "\xED\xBF\xBF"sv,
                             "\xF0\x8F\xBF\xBF"sv, "\xF4\x90\x80\x80"sv, "\xF5\x80\x80\x80"sv,
                             "\xFE"sv, "\xFF"sv, "\xF0\x90\x80"sv, "ok\xE2\x82"sv);
  CAPTURE(text);
  CHECK_FALSE(is_utf8(text));
}

TEST_CASE("utf8: control characters", "[protocol][utf8]") {
  CHECK(has_control("a\nb"));
  CHECK(has_control("\0"sv));
  CHECK(has_control("\x7F"));
  CHECK(has_control("\xC2\x85"));
  CHECK_FALSE(has_control("\xC2\xA0"));
  CHECK_FALSE(has_control("a b~\xE2\x80\x8D"));
}
