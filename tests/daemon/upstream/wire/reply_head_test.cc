#include "daemon/upstream/wire/reply_head.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::daemon;

namespace {

Status take_all(ReplyHead& head, std::initializer_list<std::string> lines) {
  for (const auto& line : lines) WAAG_CHECK(head.take(line + "\r\n"));
  return ok();
}

Headers headers(std::initializer_list<std::pair<std::string, std::string>> fields) {
  Headers made;
  for (const auto& [name, value] : fields) made.add(name, value);
  return made;
}

UpstreamRequest ranged(std::uint64_t first, std::uint64_t last) {
  UpstreamRequest request;
  request.range = http::ByteRange{first, last};
  return request;
}

}  // namespace

TEST_CASE("reply head: a 1xx is not the reply, trailers are no headers", "[daemon][upstream]") {
  ReplyHead head;
  REQUIRE(take_all(head, {"HTTP/1.1 100 Continue", "X-Old: 1", ""}));
  CHECK_FALSE(head.complete());
  REQUIRE(take_all(head, {"HTTP/2 206 ", "ETag:  \"a\" ", "X-Empty:", ""}));
  REQUIRE(head.complete());
  CHECK(head.status() == 206);
  CHECK(head.headers().get("etag") == "\"a\"");
  CHECK(head.headers().get("X-Empty") == "");
  CHECK_FALSE(head.headers().get("X-Old"));
  REQUIRE(take_all(head, {"X-Late: 1", ""}));
  CHECK_FALSE(head.headers().get("X-Late"));
}

TEST_CASE("reply head: bounds", "[daemon][upstream]") {
  ReplyHead fits;
  REQUIRE(fits.take("HTTP/1.1 200 OK\r\n"));
  for (std::size_t i = 2; i < ReplyHead::lines_max; ++i) REQUIRE(fits.take("A: b\r\n"));
  CHECK(fits.take("\r\n"));
  CHECK_FALSE(fits.take("A: trailer\r\n"));
  ReplyHead long_line;
  REQUIRE(long_line.take("HTTP/1.1 200 OK\r\n"));
  CHECK_FALSE(long_line.take("A: " + std::string(ReplyHead::bytes_max, 'b') + "\r\n"));
  ReplyHead storm;  // of 100-continue
  std::size_t taken = 0;
  while (taken < 10'000 && storm.take(taken % 2 == 0 ? "HTTP/1.1 100 Continue\r\n" : "\r\n"))
    ++taken;
  CHECK(taken == ReplyHead::lines_max);
}

TEST_CASE("reply head: malformed lines", "[daemon][upstream]") {
  const auto* line = GENERATE("no colon", " folded: x", "A b: c", ": x", "A: b\x01", "A\x80: b");
  CAPTURE(line);
  ReplyHead head;
  REQUIRE(head.take("HTTP/1.1 200 OK\r\n"));
  CHECK_FALSE(head.take(std::string(line) + "\r\n"));
  ReplyHead status;
  CHECK_FALSE(status.take("HTTP/1.1 20 OK\r\n"));
  CHECK_FALSE(ReplyHead().take("HTTP/1.1\r\n"));
  CHECK_FALSE(ReplyHead().take("HTTP/1.1 999 Odd\r\n"));
  CHECK_FALSE(ReplyHead().take("A: b\r\n"));
}

TEST_CASE("reply head: what body follows", "[daemon][upstream]") {
  const UpstreamRequest plain;
  CHECK(plan_body(plain, 200, headers({{"Content-Length", "12"}}))->bytes == 12u);
  CHECK_FALSE(plan_body(plain, 200, headers({{"Transfer-Encoding", "chunked"}}))->bytes);
  CHECK(plan_body(plain, 200, headers({{"Content-Length", "5"}, {"Content-Length", "5"}}))->bytes ==
        5u);
  CHECK(plan_body(plain, 404, headers({{"Content-Length", "9"}}))->bytes == 9u);
  CHECK(plan_body(plain, 204, {})->bytes == 0u);
  CHECK(plan_body(plain, 200, headers({{"Content-Encoding", "identity"}})));
  UpstreamRequest head;
  head.method = "HEAD";
  CHECK(plan_body(head, 200, headers({{"Content-Length", "12"}}))->bytes == 0u);
  UpstreamRequest conditional;
  conditional.headers.set("If-None-Match", "\"a\"");
  CHECK(plan_body(conditional, 304, headers({{"Content-Length", "12"}}))->bytes == 0u);

  CHECK_FALSE(plan_body(plain, 304, {}));
  CHECK_FALSE(plan_body(plain, 206, headers({{"Content-Range", "bytes 0-1/2"}})));
  CHECK_FALSE(plan_body(plain, 200, headers({{"Content-Encoding", "gzip"}})));
  CHECK_FALSE(plan_body(plain, 200, headers({{"Content-Encoding", "br"}})));
  CHECK_FALSE(plan_body(plain, 200, headers({{"Transfer-Encoding", "gzip, chunked"}})));
  CHECK_FALSE(plan_body(plain, 200, headers({{"Content-Length", "5"}, {"Content-Length", "6"}})));
  CHECK_FALSE(
      plan_body(plain, 200, headers({{"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}})));
  for (const auto* length : {"", "-1", "+1", "0x5", "1e3", "5, 5", "99999999999999999999"}) {
    CAPTURE(length);
    CHECK_FALSE(plan_body(plain, 200, headers({{"Content-Length", length}})));
  }
}

TEST_CASE("reply head: a range is the one asked for", "[daemon][upstream]") {
  const auto request = ranged(10, 19);
  const auto of = [&](const std::string& range, unsigned status = 206) {
    return plan_body(request, status, headers({{"Content-Range", range}}));
  };
  REQUIRE(of("bytes 10-19/100"));
  CHECK(of("bytes 10-19/100")->bytes == 10u);
  CHECK(of("bytes 10-19/20"));
  for (const auto* wrong : {"bytes 10-18/100", "bytes 9-19/100", "bytes 0-9/100", "bytes 10-19/*",
                            "bytes 10-19", "bytes 10-19/19", "bytes 10-19/abc", "bytes */100",
                            "chunks 10-19/100", "bytes 10-19/-1", ""}) {
    CAPTURE(wrong);
    CHECK_FALSE(of(wrong));
  }
  CHECK_FALSE(plan_body(request, 206, {}));
  CHECK_FALSE(plan_body(request, 206,
                        headers({{"Content-Range", "bytes 10-19/100"}, {"Content-Length", "11"}})));
  CHECK_FALSE(plan_body(request, 200, headers({{"Content-Length", "100"}})));
  CHECK_FALSE(plan_body(request, 204, {}));
  CHECK_FALSE(plan_body(request, 304, {}));
  CHECK(plan_body(request, 416, headers({{"Content-Range", "bytes */5"}})));
  CHECK(plan_body(request, 503, {}));

  const auto front = ranged(0, 9);
  const auto whole = plan_body(front, 200, headers({{"Content-Length", "100"}}));
  REQUIRE(whole);
  CHECK(whole->bytes == 10u);
  CHECK(whole->cut);
  CHECK_FALSE(plan_body(front, 200, headers({{"Content-Length", "9"}})));
}

TEST_CASE("reply head: redirects have a Location", "[daemon][upstream]") {
  for (const unsigned status : {301u, 302u, 303u, 307u, 308u}) {
    CHECK(is_redirect(status, headers({{"Location", "/x"}})));
    CHECK_FALSE(is_redirect(status, {}));
  }
  CHECK_FALSE(is_redirect(304, headers({{"Location", "/x"}})));
  CHECK_FALSE(is_redirect(200, headers({{"Location", "/x"}})));
}
