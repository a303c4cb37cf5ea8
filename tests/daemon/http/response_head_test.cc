#include "daemon/http/response_head.h"

#include <catch2/catch.hpp>

namespace waag::daemon {
namespace {

std::string head_of(const Response& response, bool close = false, bool http_1_1 = true) {
  ReplyMeta meta;
  meta.request_id = "id-1";
  meta.date = "today";
  meta.close = close;
  meta.http_1_1 = http_1_1;
  return response_head(response, meta);
}

bool has(const std::string& head, std::string_view line) {
  return head.find("\r\n" + std::string(line) + "\r\n") != std::string::npos;
}

}  // namespace

TEST_CASE("response_head: status, common headers, length", "[daemon][response_head]") {
  const auto head = head_of(text_response("hello"));
  CHECK(head.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(head.ends_with("\r\n\r\n"));
  for (const auto* line : {"Date: today", "X-Request-Id: id-1", "Access-Control-Allow-Origin: *",
                           "Vary: Origin", "X-Content-Type-Options: nosniff", "Content-Length: 5",
                           "Content-Type: text/plain; charset=utf-8"})
    CHECK(has(head, line));
  CHECK(head.find("Connection") == std::string::npos);
}

TEST_CASE("response_head: connection, and replies without a length", "[daemon][response_head]") {
  CHECK(has(head_of(text_response(""), true), "Connection: close"));
  CHECK(has(head_of(text_response(""), false, false), "Connection: keep-alive"));
  Response response;
  response.status = GENERATE(204u, 304u);
  CHECK(head_of(response).find("\r\nContent-Length:") == std::string::npos);
  response.status = 200;
  CHECK(has(head_of(response), "Content-Length: 0"));
  response.content_length = 77;
  CHECK(has(head_of(response), "Content-Length: 77"));
}

TEST_CASE("response_head: no value ends its line", "[daemon][response_head]") {
  Response response;
  response.headers.set("X-Thing", "a\r\nSet-Cookie: b\n\r\n");
  const auto head = head_of(response);
  CHECK(has(head, "X-Thing: a  Set-Cookie: b   "));
  CHECK(head.find("\r\nSet-Cookie") == std::string::npos);
}

TEST_CASE("response_head: dates", "[daemon][response_head]") {
  CHECK(imf_fixdate(std::chrono::seconds(784111777)) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(imf_fixdate(std::chrono::seconds(0)) == "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST_CASE("response_head: preflight", "[daemon][response_head]") {
  const auto response = preflight_response("GET, HEAD");
  CHECK(response.status == 204);
  CHECK(response.headers.get("Access-Control-Allow-Methods") == "GET, HEAD");
  CHECK(response.headers.get("Access-Control-Allow-Headers")->find("Range") != std::string::npos);
}

}  // namespace waag::daemon
