#include "cli/http.h"

#include <catch2/catch.hpp>

using namespace waag::cli;

TEST_CASE("http: next of a Link header", "[cli][http]") {
  CHECK(next_of_link(R"( <http://h/a?cursor=x>; rel="next")") == "http://h/a?cursor=x");
  CHECK(next_of_link(R"(<http://h/p>; rel="prev", <http://h/n>; rel="next")") == "http://h/n");
  CHECK(next_of_link(R"(<http://h/p>; rel="prev")").empty());
  CHECK(next_of_link("").empty());
  CHECK(next_of_link("<http://h/p").empty());
}

TEST_CASE("http: a path segment is encoded byte for byte", "[cli][http]") {
  CHECK(encode_segment("aZ0-._~") == "aZ0-._~");
  CHECK(encode_segment("a/b c+%") == "a%2Fb%20c%2B%25");
  CHECK(encode_segment("\xC3\xA9") == "%C3%A9");
}

TEST_CASE("http: nobody there is an error, not a reply", "[cli][http]") {
  CurlHttp http;
  HttpRequest request;
  request.url = "http://127.0.0.1:1/";  // port 1 (tcpmux) has no listener on a test machine
  const auto reply = http.send(request);
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == waag::Errc::unavailable);
  request.url = "file:///etc/hostname";
  CHECK_FALSE(http.send(request));
}
