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

TEST_CASE("utf8: every code point is accepted, every surrogate refused", "[protocol][utf8]") {
  std::uint32_t wrong = 0;
  for (std::uint32_t point = 0; point <= 0x10FFFF; ++point) {
    std::string text;
    append_utf8(text, point);
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    if (is_utf8(text) == surrogate) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("utf8: malformed bytes, also after plain text", "[protocol][utf8]") {
  for (const std::string text :
       {"\x80", "\xBF", "\xC0\xAF", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xED\xA0\x80",
        "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF",
        "\xC3", "\xE4\xBD", "\xF0\x9F\x98", "\xC3(", "\xE4\xBD(", "aaaaaaaaaaaaaaaa\xFF"}) {
    CAPTURE(text);
    CHECK_FALSE(is_utf8(text));
  }
}

TEST_CASE("utf8: pieces", "[protocol][utf8]") {
  const std::string text = "a\xC3\xA9\xE4\xBD\xA0\xF0\x9F\x98\x80 and long plain text";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Utf8Checker checker;
    CHECK(checker.feed(text.substr(0, cut)));
    CHECK(checker.good());
    CHECK(checker.feed(text.substr(cut)));
    CHECK(checker.complete());
  }
  Utf8Checker cut;
  CHECK(cut.feed("abc\xE4\xBD"));
  CHECK(cut.good());
  CHECK_FALSE(cut.complete());
  CHECK_FALSE(cut.feed("x"));
  CHECK_FALSE(cut.good());
  CHECK_FALSE(cut.feed("x"));
}
