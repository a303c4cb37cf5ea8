#include "protocol/http/byte_range.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::http;

TEST_CASE("byte_range: what one range means", "[protocol][byte_range]") {
  struct Row {
    const char* header;
    std::uint64_t first, last;
  };
  const auto row = GENERATE(
      Row{"bytes=0-0", 0, 0}, Row{"bytes=0-9", 0, 9}, Row{"bytes=3-5", 3, 5}, Row{"bytes=3-", 3, 9},
      Row{"bytes=-4", 6, 9}, Row{"bytes=-10", 0, 9}, Row{"bytes=-99", 0, 9},
      Row{"bytes=9-10", 9, 9}, Row{"Bytes=0-99", 0, 9}, Row{" bytes=1-2 ", 1, 2},
      Row{"bytes=0-99999999999999999999999", 0, 9}, Row{"bytes=-99999999999999999999999", 0, 9});
  CAPTURE(row.header);
  const auto range = parse_byte_range(row.header, 10);
  REQUIRE(range);
  REQUIRE(range->has_value());
  CHECK(**range == ByteRange{row.first, row.last});
  CHECK((*range)->size_bytes() == row.last - row.first + 1);
}

TEST_CASE("byte_range: what is ignored", "[protocol][byte_range]") {
  const auto header =
      GENERATE("", "bytes", "bytes=", "bytes=-", "bytes=9-1", "bytes=1-2,4-5", "bytes=1-2,",
               "chunks=0-1", "bytes=a-b", "bytes=1-b", "bytes=a-2", "bytes= 1-2", "bytes=1 -2",
               "bytes=1", "bytes=--1", "bytes=1--2", "bytes=+1-2", "bytes=0x1-2", "bytes:0-1");
  CAPTURE(header);
  const auto range = parse_byte_range(header, 10);
  REQUIRE(range);
  CHECK_FALSE(range->has_value());
}

TEST_CASE("byte_range: what starts after the end", "[protocol][byte_range]") {
  const auto header =
      GENERATE("bytes=10-", "bytes=10-11", "bytes=-0", "bytes=99999999999999999999999-");
  CAPTURE(header);
  const auto range = parse_byte_range(header, 10);
  REQUIRE_FALSE(range);
  CHECK(range.error().code == Errc::range_not_satisfiable);
}

TEST_CASE("byte_range: an empty body has no ranges", "[protocol][byte_range]") {
  const auto header = GENERATE("bytes=0-0", "bytes=5-", "bytes=-1", "bytes=-0");
  const auto range = parse_byte_range(header, 0);
  REQUIRE(range);
  CHECK_FALSE(range->has_value());
}

TEST_CASE("byte_range: several ranges keep their order", "[protocol][byte_range]") {
  using Ranges = std::vector<ByteRange>;
  CHECK(*parse_byte_ranges("bytes=0-1", 10, 1) == Ranges{{0, 1}});
  CHECK(*parse_byte_ranges("bytes=4-5,0-1,8-99,0-0", 10, 4) ==
        Ranges{{4, 5}, {0, 1}, {8, 9}, {0, 0}});
  CHECK(*parse_byte_ranges(" Bytes=0-1 ,\t3- , -2 ", 10, 9) == Ranges{{0, 1}, {3, 9}, {8, 9}});
  CHECK(*parse_byte_ranges("bytes=0-18446744073709551614", 10, 1) == Ranges{{0, 9}});
}

TEST_CASE("byte_range: several ranges of which one is refused", "[protocol][byte_range]") {
  const auto malformed =
      GENERATE("", "bytes", "bytes=", "bytes=,", "bytes=0-1,", "bytes=,0-1", "bytes=0-1,,2-3",
               "bytes=0-1,3-2", "bytes=0-1;2-3", "bytes=0-1,x", "chunks=0-1", "bytes=0-1,2-3,4-5");
  CAPTURE(malformed);
  const auto ranges = parse_byte_ranges(malformed, 10, 2);
  REQUIRE_FALSE(ranges);
  CHECK(ranges.error().code == Errc::invalid_argument);

  for (const auto* header : {"bytes=10-", "bytes=0-1,10-11", "bytes=-0", "bytes=10-10,0-1"}) {
    const auto outside = parse_byte_ranges(header, 10, 2);
    REQUIRE_FALSE(outside);
    CHECK(outside.error().code == Errc::range_not_satisfiable);
  }
  for (const auto* header : {"bytes=0-0", "bytes=0-", "bytes=-1"})
    CHECK(parse_byte_ranges(header, 0, 2).error().code == Errc::range_not_satisfiable);
  CHECK(parse_byte_ranges("bytes=0-1", 10, 0).error().code == Errc::invalid_argument);
}

TEST_CASE("byte_range: Content-Range", "[protocol][byte_range]") {
  CHECK(content_range({0, 1023}, 4096) == "bytes 0-1023/4096");
  CHECK(unsatisfied_content_range(4096) == "bytes */4096");
}

TEST_CASE("byte_range: entity tags", "[protocol][byte_range]") {
  CHECK(if_none_match("\"abc\"", "\"abc\""));
  CHECK(if_none_match("W/\"abc\"", "\"abc\""));
  CHECK(if_none_match("\"x\" , W/\"y,z\",\"abc\"", "\"abc\""));
  CHECK(if_none_match("abc", "\"abc\""));
  CHECK(if_none_match(" * ", "\"abc\""));
  CHECK_FALSE(if_none_match("\"ab\"", "\"abc\""));
  CHECK_FALSE(if_none_match("", "\"abc\""));
  CHECK_FALSE(if_none_match("\"abc", "\"abc\""));
  CHECK(if_match("\"x\", \"abc\"", "\"abc\""));
  CHECK(if_match("*", "\"abc\""));
  CHECK_FALSE(if_match("W/\"abc\"", "\"abc\""));
  CHECK(if_range_allows("\"abc\"", "\"abc\""));
  CHECK_FALSE(if_range_allows("W/\"abc\"", "\"abc\""));
  CHECK_FALSE(if_range_allows("Mon, 23 Nov 2026 12:58:00 GMT", "\"abc\""));
  CHECK_FALSE(if_range_allows("", ""));
}
