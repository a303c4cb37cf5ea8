#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "daemon/http/body_writer.h"
#include "protocol/http/chunked.h"
#include "tests/daemon/http/test_server.h"

namespace waag::daemon {
namespace {

using testing::get;
using testing::TestServer;

constexpr std::size_t long_bytes = 3'000'001;

/// Counts up, so that a shifted or repeated block shows.
class Counting final : public BodySource {
 public:
  Counting(std::size_t bytes, std::size_t fails_at) : bytes_(bytes), fails_at_(fails_at) {}
  static char at(std::size_t offset) { return static_cast<char>((offset * 2654435761u) >> 13); }
  Result<std::size_t> read(std::span<std::byte> out) override {
    std::size_t size = 0;
    for (; size < out.size() && offset_ < bytes_; ++size, ++offset_) {
      if (offset_ == fails_at_) return fail(Errc::corrupt, "bad record in a pack");
      out[size] = static_cast<std::byte>(at(offset_));
    }
    return size;
  }

 private:
  const std::size_t bytes_;
  const std::size_t fails_at_;
  std::size_t offset_ = 0;
};

/// The same, each time after a wait in which the thread is free.
class Waiting final : public AsyncSource {
 public:
  Waiting(std::size_t bytes, std::size_t fails_at) : counting_(bytes, fails_at) {}
  Task<Result<std::size_t>> read(std::span<std::byte> out) override {
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds(1));
    co_await timer.async_wait(use_awaitable);
    co_return counting_.read(out);
  }

 private:
  Counting counting_;
};

std::string content(std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) text[i] = Counting::at(i);
  return text;
}

std::size_t number(const Request& request, std::string_view key, std::size_t otherwise) {
  const auto text = request.query.get(key);
  return text ? std::stoul(std::string(*text)) : otherwise;
}

Task<Response> answer(const Route&, Request request) {
  Response response;
  StreamBody body;
  const auto bytes = number(request, "bytes", long_bytes);
  const auto fails_at = number(request, "fails", std::string::npos);
  if (request.query.get("async"))
    body.async = std::make_shared<Waiting>(bytes, fails_at);
  else
    body.source = std::make_shared<Counting>(bytes, fails_at);
  if (request.query.get("says")) body.bytes = number(request, "says", 0);
  response.body = body;
  co_return response;
}

std::span<const Route> table() {
  static const std::vector<Route> rows = {
      {Method::get, "/made", "made", Policy::none, {}, nullptr, ""}};
  return rows;
}

/// The payload of a chunked body, and whether its end came.
std::pair<std::string, bool> unchunked(std::string_view text) {
  http::ChunkedDecoder decoder;
  std::string payload;
  while (!text.empty()) {
    const auto step = decoder.next(as_bytes(text));
    REQUIRE(step);
    payload += as_text(step->payload);
    text.remove_prefix(step->consumed_bytes);
    if (step->done) {
      CHECK(text.empty());
      return {payload, true};
    }
  }
  return {payload, false};
}

}  // namespace

TEST_CASE("stream_body: chunks on a connection that stays", "[daemon][body_writer]") {
  TestServer host(table(), answer);
  const auto bytes = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{1} << 20, long_bytes);
  CAPTURE(bytes);
  const auto* kind = GENERATE("", "&async=1");
  const auto target = "/made?bytes=" + std::to_string(bytes) + kind;
  auto client = host.client();
  client.send(get(target) + get("/made?bytes=3", "Connection: close\r\n"));
  const auto first = client.reply();
  CHECK(first.status == 200);
  CHECK(first.header("Transfer-Encoding") == "chunked");
  CHECK(first.header("Content-Length").empty());
  const auto all = client.rest();
  const auto next = all.find("HTTP/1.1 200 OK\r\n");
  REQUIRE(next != std::string::npos);
  const auto [payload, ended] = unchunked(std::string_view(all).substr(0, next));
  CHECK(ended);
  CHECK((payload == content(bytes)));
}

TEST_CASE("stream_body: a client of HTTP/1.0 reads to the end", "[daemon][body_writer]") {
  TestServer host(table(), answer);
  auto client = host.client();
  client.send("GET /made HTTP/1.0\r\nHost: hub\r\n\r\n");
  const auto reply = client.reply();
  CHECK(reply.status == 200);
  CHECK(reply.header("Transfer-Encoding").empty());
  CHECK((client.rest() == content(long_bytes)));
}

TEST_CASE("stream_body: HEAD sends none of it", "[daemon][body_writer]") {
  TestServer host(table(), answer);
  auto client = host.client();
  client.send("HEAD /made HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n");
  CHECK(client.reply(true).status == 200);
  CHECK(client.rest().empty());
}

TEST_CASE("stream_body: a source that fails cuts the connection", "[daemon][body_writer]") {
  TestServer host(table(), answer);
  auto client = host.client();
  client.send(get("/made?fails=2500000"));
  CHECK(client.reply().status == 200);
  const auto [payload, ended] = unchunked(client.rest());
  CHECK_FALSE(ended);
  CHECK(content(long_bytes).starts_with(payload));
  auto other = host.client();
  CHECK(other.ask(get("/made?fails=0")).status == 500);  // before the first byte
}

TEST_CASE("stream_body: of a length that was announced", "[daemon][body_writer]") {
  TestServer host(table(), answer);
  auto client = host.client();
  const auto version = GENERATE("1.1", "1.0");
  CAPTURE(version);
  client.send(std::string("GET /made?bytes=3000001&says=3000001 HTTP/") + version +
              "\r\nHost: hub\r\nConnection: close\r\n\r\n");
  const auto reply = client.reply();
  CHECK(reply.status == 200);
  CHECK(reply.header("Transfer-Encoding").empty());
  CHECK(reply.header("Content-Length") == "3000001");
  CHECK((reply.body + client.rest() == content(long_bytes)));
}

TEST_CASE("stream_body: another length than was announced cuts it", "[daemon][body_writer]") {
  TestServer host(table(), answer);
  auto client = host.client();
  const auto bytes = GENERATE("2000000", "3000000");
  client.send(get("/made?says=2500000&bytes=" + std::string(bytes)));
  CHECK(client.rest().size() < 2'500'000 + 1000);
}

}  // namespace waag::daemon
