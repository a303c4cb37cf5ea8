#include "protocol/http/chunked.h"

#include <catch2/catch.hpp>

using namespace waag;
using http::ChunkedDecoder;

namespace {

struct Decoded {
  std::string payload;
  std::string rest;  // what follows the body
  bool done = false;
  bool failed = false;
};

/// Feeds `body` in pieces of `piece_bytes`.
Decoded decode(const std::string& body, std::size_t piece_bytes) {
  ChunkedDecoder decoder;
  Decoded out;
  for (std::size_t at = 0; at < body.size() && !out.done;) {
    const auto piece = std::string_view(body).substr(at, piece_bytes);
    const auto step = decoder.next(as_bytes(piece));
    if (!step) {
      CHECK(step.error().code == Errc::invalid_argument);
      CHECK_FALSE(decoder.next(as_bytes("0\r\n\r\n")));  // stays failed
      out.failed = true;
      return out;
    }
    out.payload += as_text(step->payload);
    out.done = step->done;
    at += step->consumed_bytes;
    if (out.done) out.rest = body.substr(at);
  }
  return out;
}

}  // namespace

TEST_CASE("chunked: good bodies at every piece size", "[protocol][chunked]") {
  const std::string body =
      "5\r\nhello\r\n00000000000000A;name=\"v\";x\r\n0123456789\r\n1\r\n\n\r\n0;end\r\nX-Sum: 1\r\n"
      "Authorization: Bearer stolen\r\n\r\nGET /next";
  for (std::size_t piece = 1; piece <= body.size(); ++piece) {
    CAPTURE(piece);
    const auto out = decode(body, piece);
    CHECK(out.done);
    CHECK(out.payload == "hello0123456789\n");
    CHECK(out.rest == "GET /next");
  }
  CHECK(decode("0\r\n\r\n", 2).done);
  CHECK(decode("3\r\nabc\r\n", 3).payload == "abc");
  CHECK_FALSE(decode("3\r\nabc\r\n0\r\n", 3).done);
}

TEST_CASE("chunked: malformed bodies are refused at every piece size", "[protocol][chunked]") {
  const std::string body =
      GENERATE("\r\n", "g\r\n", "-1\r\n", "+1\r\na", "0x1\r\na", " 1\r\na", "1 \r\na", "1\t\r\na",
               "1\na", "1\r\r\n", "1\rX", "1\r\nab\r\n", "1\r\na\n0\r\n", "1\r\na\rX", "1\r\naX\n",
               "00000000000000001\r\na", "10000000000000000\r\n", "FFFFFFFFFFFFFFFF\r\n",
               "8000000000000000\r\n", ";a\r\n", "1;a\x01\r\na", "1;a\nb\r\na", "0\r\nX\r\n\r\n",
               "0\r\n: a\r\n\r\n", "0\r\nX : a\r\n\r\n", "0\r\nX: a\nY: b\r\n\r\n",
               "0\r\nX: a\rb\r\n\r\n", "0\r\nContent-Length: 5\r\n\r\n",
               "0\r\ntransfer-encoding: chunked\r\n\r\n", "0\r\nHost: a\r\n\r\n",
               "0\r\n folded\r\n\r\n", "0\r\nX: \x02\r\n\r\n", "1\r\na\r\n7FFFFFFFFFFFFFFF\r\n");
  CAPTURE(body);
  for (std::size_t piece = 1; piece <= body.size(); ++piece) CHECK(decode(body, piece).failed);
}

TEST_CASE("chunked: limits on extensions and trailers", "[protocol][chunked]") {
  const auto extension = [](std::size_t bytes) {
    return "1;" + std::string(bytes, 'x') + "\r\na\r\n";
  };
  CHECK_FALSE(decode(extension(256), 64).failed);
  CHECK(decode(extension(257), 64).failed);
  const auto trailers = [](std::size_t bytes) {
    return "0\r\nX:" + std::string(bytes, 'x') + "\r\n\r\n";
  };
  CHECK(decode(trailers(4096 - 6), 64).done);
  CHECK(decode(trailers(4096 - 5), 64).failed);
}

TEST_CASE("chunked: nothing may follow the end", "[protocol][chunked]") {
  ChunkedDecoder decoder;
  const auto step = decoder.next(as_bytes("0\r\n\r\nx"));
  REQUIRE(step);
  CHECK(step->done);
  CHECK(step->consumed_bytes == 5);
  CHECK_FALSE(decoder.next(as_bytes("x")));
}
