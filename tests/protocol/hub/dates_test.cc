#include "protocol/hub/dates.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::hub;

TEST_CASE("dates: JSON form both ways", "[protocol][dates]") {
  struct Row {
    std::int64_t millis;
    const char* text;
  };
  const auto row =
      GENERATE(Row{0, "1970-01-01T00:00:00.000Z"}, Row{1795438680000, "2026-11-23T12:58:00.000Z"},
               Row{-1, "1969-12-31T23:59:59.999Z"}, Row{951782400007, "2000-02-29T00:00:00.007Z"},
               Row{253402300799999, "9999-12-31T23:59:59.999Z"},
               Row{-62167219200000, "0000-01-01T00:00:00.000Z"});
  CHECK(format_date(Millis(row.millis)) == row.text);
  const auto parsed = parse_date(row.text);
  REQUIRE(parsed);
  CHECK(parsed->count() == row.millis);
}

TEST_CASE("dates: outside the calendar is clamped", "[protocol][dates]") {
  CHECK(format_date(Millis::max()) == "9999-12-31T23:59:59.999Z");
  CHECK(format_date(Millis::min()) == "0000-01-01T00:00:00.000Z");
}

TEST_CASE("dates: fractions", "[protocol][dates]") {
  CHECK(parse_date("1970-01-01T00:00:00Z")->count() == 0);
  CHECK(parse_date("1970-01-01T00:00:00.5Z")->count() == 500);
  CHECK(parse_date("1970-01-01T00:00:00.123456789Z")->count() == 123);
}

TEST_CASE("dates: malformed", "[protocol][dates]") {
  const auto text =
      GENERATE("", "1970-01-01", "1970-01-01T00:00:00.000+00:00", "1970-01-01T00:00:00.Z",
               "1970-1-01T00:00:00Z", "1970-13-01T00:00:00Z", "1970-02-30T00:00:00Z",
               "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z", "1970-01-01T00:00:60Z",
               "1970-01-01T00:00:00Zx", "1970-01-01 00:00:00Z", "1970-01-01T00:00:00.0123456789Z",
               "+970-01-01T00:00:00Z", "1970-00-01T00:00:00Z");
  CAPTURE(text);
  CHECK_FALSE(parse_date(text));
}

TEST_CASE("dates: HTTP form both ways", "[protocol][dates]") {
  CHECK(format_http_date(Millis(784111777000)) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT")->count() == 784111777000);
  CHECK_FALSE(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"));
  CHECK_FALSE(parse_http_date("Sun, 06 Nov 1994 08:49:37"));
  CHECK_FALSE(parse_http_date("Sun, 31 Feb 1994 08:49:37 GMT"));
}
