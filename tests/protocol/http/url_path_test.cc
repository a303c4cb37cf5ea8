#include "protocol/http/url_path.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::http;

TEST_CASE("url_path: segments are decoded once", "[protocol][url_path]") {
  const auto path = split_path("/acme/tiny/resolve/refs%2Fpr%2F1/a%20dir/e%3Fx%25.txt");
  REQUIRE(path);
  const std::vector<PathSegment> expected = {{"acme", false},    {"tiny", false},
                                             {"resolve", false}, {"refs/pr/1", true},
                                             {"a dir", false},   {"e?x%.txt", false}};
  CHECK(*path == expected);
  CHECK(split_path("/")->empty());
  CHECK(split_path("/a+b%2Bc")->at(0).text == "a+b+c");
  CHECK(split_path("/%25252e")->at(0).text == "%252e");
  CHECK(split_path("/%E4%BD%A0")->at(0).text == "\xE4\xBD\xA0");
  CHECK(split_path("/...")->at(0).text == "...");
  CHECK(split_path("//a/", EmptySegments::keep)->size() == 3);
}

TEST_CASE("url_path: what is refused", "[protocol][url_path]") {
  const auto path = GENERATE("", "a", "//", "/a//b", "/a/", "/.", "/..", "/a/../b", "/%2e%2E",
                             "/.%2e/a", "/a%2F..", "/..%2fa", "/a%2F.%2Fb", "/%2Fa", "/a%2F",
                             "/a%2F%2Fb", "/a%5Cb", "/a\\b", "/%00", "/a%0A", "/a%7F", "/a\x01",
                             "/%", "/%4", "/%zz", "/%ff", "/\xff", "/%c0%af", "/%ed%a0%80");
  CAPTURE(path);
  const auto split = split_path(path);
  REQUIRE_FALSE(split);
  CHECK(split.error().code == Errc::invalid_argument);
}

TEST_CASE("url_path: query and form", "[protocol][url_path]") {
  const QueryPairs query = {
      {"expand", "a+b"}, {"expand", "c d"}, {"x", ""}, {"y", ""}, {"", "z=1"}};
  CHECK(*parse_query("expand=a+b&expand=c%20d&x&&y=&=z=1") == query);
  const QueryPairs form = {{"paths", "a b"}, {"paths", "c+d"}, {"note", "one\r\ntwo"}};
  CHECK(*parse_form("paths=a+b&paths=c%2Bd&note=one%0D%0Atwo") == form);
  CHECK(parse_query("")->empty());
  for (const auto* bad : {"a=%", "a=%0", "%zz=1", "a=%00", "a=%0a", "a=%ff"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_query(bad));
  }
  CHECK_FALSE(parse_form("a=%00"));
  std::string many;
  for (std::size_t i = 0; i < query_pairs_max; ++i) many += "a=1&";
  CHECK(parse_query(many)->size() == query_pairs_max);
  CHECK_FALSE(parse_query(many + "a=1"));
}

TEST_CASE("url_path: target and encoding", "[protocol][url_path]") {
  CHECK(split_target("/a?b?c").path == "/a");
  CHECK(split_target("/a?b?c").query == "b?c");
  CHECK(split_target("/a").query.empty());
  CHECK(percent_encode("a/b c%\xC3\xA9~_.-") == "a%2Fb%20c%25%C3%A9~_.-");
  CHECK(percent_encode("a/b c", Slash::keep) == "a/b%20c");
  CHECK(with_query_parameter("/a?recursive=true&cursor=x&limit=2", "cursor", "y z") ==
        "/a?recursive=true&limit=2&cursor=y%20z");
  CHECK(with_query_parameter("/a", "p", "1") == "/a?p=1");
  CHECK(with_query_parameter("/a?p=0", "p", "1") == "/a?p=1");
}

TEST_CASE("url_path: every byte survives encode and decode", "[protocol][url_path]") {
  std::string name;
  for (int c = 0x20; c < 0x7F; ++c)
    if (c != '/' && c != '\\') name += static_cast<char>(c);
  name += "\xC3\xA9\xE4\xBD\xA0\xF0\x9F\x98\x80";
  const auto path = split_path("/" + percent_encode(name));
  REQUIRE(path);
  CHECK(path->at(0) == PathSegment{name, false});
}
