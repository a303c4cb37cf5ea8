#include "protocol/http/guard.h"

#include <catch2/catch.hpp>

#include "tests/vectors/http_requests.h"

using namespace waag;
using namespace waag::http;

TEST_CASE("guard: every raw request gets the verdict of the table", "[protocol][guard]") {
  const auto requests = tests::raw_requests();
  CHECK(requests.size() >= 300);
  for (const auto& request : requests) {
    CAPTURE(request.name);
    const auto end = find_head_end(request.bytes);
    REQUIRE(end);
    const auto verdict = guard_request_head(std::string_view(request.bytes).substr(0, *end));
    CHECK(verdict.head.has_value() == request.accepted);
    CHECK(verdict.status == static_cast<unsigned>(request.status));
    CHECK(verdict.why.empty() == request.accepted);
  }
}

TEST_CASE("guard: what a good head says", "[protocol][guard]") {
  const auto verdict = guard_request_head(
      "PUT /a%20b?c=d HTTP/1.1\r\nhost: Hub:8080\r\nContent-Length: 12\r\nExpect: 100-Continue\r\n"
      "X-Pad:  \t two words \t\r\nConnection: close\r\n\r\n");
  REQUIRE(verdict);
  const auto& head = *verdict.head;
  CHECK(head.method == "PUT");
  CHECK(head.target == "/a%20b?c=d");
  CHECK(head.http_1_1);
  CHECK(head.host == "Hub:8080");
  CHECK(head.content_length == 12U);
  CHECK_FALSE(head.chunked);
  CHECK(head.expect_continue);
  CHECK_FALSE(head.keep_alive);
  CHECK(head.headers.size() == 5);
  CHECK(head.header("x-pad") == "two words");
  CHECK_FALSE(head.header("x-none"));
}

TEST_CASE("guard: keep-alive by version and Connection", "[protocol][guard]") {
  const auto keeps = [](const std::string& version, const std::string& connection) {
    const auto verdict =
        guard_request_head("GET / " + version + "\r\nHost: a\r\n" + connection + "\r\n");
    REQUIRE(verdict);
    return verdict.head->keep_alive;
  };
  CHECK(keeps("HTTP/1.1", ""));
  CHECK_FALSE(keeps("HTTP/1.1", "Connection: x, Close\r\n"));
  CHECK_FALSE(keeps("HTTP/1.0", ""));
  CHECK(keeps("HTTP/1.0", "Connection: keep-alive\r\n"));
  CHECK_FALSE(keeps("HTTP/1.0", "Connection: close, keep-alive\r\n"));
}

TEST_CASE("guard: absolute form becomes origin form", "[protocol][guard]") {
  const auto target = [](const std::string& absolute) {
    const auto verdict =
        guard_request_head("GET " + absolute + " HTTP/1.1\r\nHost: hub:80\r\n\r\n");
    REQUIRE(verdict);
    return verdict.head->target;
  };
  CHECK(target("http://hub:80/a/b?c") == "/a/b?c");
  CHECK(target("https://HUB:80") == "/");
  CHECK(target("http://hub:80?x=1") == "/?x=1");
}

TEST_CASE("guard: the end of the head is found at any split", "[protocol][guard]") {
  const std::string head = "GET / HTTP/1.1\r\nHost: hub\r\n\r\n";
  for (std::size_t size = 0; size < head.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(find_head_end(std::string_view(head).substr(0, size)));
  }
  CHECK(find_head_end(head) == head.size());
  CHECK(find_head_end(head + "GET /next") == head.size());
  CHECK(find_head_end("GET / HTTP/1.1\nHost") == 15U);
  CHECK(find_head_end("\r\nGET") == 2U);
}

TEST_CASE("guard: a head without end", "[protocol][guard]") {
  CHECK(guard_request_head("GET /" + std::string(head_bytes_max, 'a')).status == 414);
  CHECK(guard_request_head("GET / HTTP/1.1\r\nA: " + std::string(head_bytes_max, 'a')).status ==
        431);
  CHECK(guard_request_head("").status == 400);
  CHECK(guard_request_head("GET / HTTP/1.1\r\n").status == 400);
  CHECK(guard_request_head("GET / HTTP/1.1\r\nHost: a\r\n\r\nmore").status == 400);
}

TEST_CASE("guard: cutting a good head anywhere is refused", "[protocol][guard]") {
  const std::string head = "POST /a HTTP/1.1\r\nHost: hub\r\nContent-Length: 3\r\n\r\n";
  REQUIRE(guard_request_head(head));
  for (std::size_t size = 0; size < head.size(); ++size) {
    CAPTURE(size);
    CHECK(guard_request_head(head.substr(0, size)).status == 400);
  }
}
