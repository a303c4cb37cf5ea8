#include "daemon/http/net/server.h"

#include <future>

#include "daemon/http/errors.h"
#include "tests/daemon/http/test_server.h"
#include "tests/vectors/http_requests.h"

namespace waag::daemon {
namespace {

using testing::get;
using testing::RawClient;
using testing::TestServer;

constexpr Limits body_1_mib{1u << 20};

const std::vector<Route>& test_routes() {
  static const std::vector<Route> table = {
      {Method::get, "/healthz", "healthz", Policy::none, {}, nullptr, ""},
      {Method::post, "/healthz", "healthz_post", Policy::none, body_1_mib, nullptr, ""},
      {Method::post, "/echo", "echo", Policy::none, body_1_mib, nullptr, ""},
      {Method::post, "/ignore", "ignore", Policy::none, body_1_mib, nullptr, ""},
      {Method::get, "/throw", "throw", Policy::none, {}, nullptr, ""},
      {Method::get, "/seen/{ns}/{rest...}", "seen", Policy::none, {}, nullptr, ""},
  };
  return table;
}

Task<Response> test_answer(const Route& route, Request request) {
  if (route.name == "throw") throw std::runtime_error("on purpose");
  if (route.name == "echo") {
    auto body = co_await request.body->read_all(2u << 20);
    if (!body) co_return error_response(body.error(), {});
    co_return text_response(*std::move(body));
  }
  if (route.name == "seen") {
    std::string seen = request.captures["ns"];
    for (const auto& segment : request.rest) seen += "|" + segment;
    for (const auto& [key, value] : request.query.pairs()) seen += "&" + key + "=" + value;
    co_return text_response(seen + " " + request.base_url + " " + request.remote);
  }
  co_return text_response("hello");
}

std::string post(std::string_view path, std::string_view body, std::string_view headers = "") {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: hub\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(headers) + "\r\n" + std::string(body);
}

}  // namespace

TEST_CASE("server: every shape that the guard refuses is answered, closed and not handled",
          "[daemon][server]") {
  TestServer host(test_routes(), test_answer);
  for (const auto& row : tests::raw_requests()) {
    CAPTURE(row.name);
    auto client = host.client();
    const int before = host.handled;
    client.send(row.bytes);
    client.end_of_sending();
    const auto reply = client.reply();
    if (row.accepted) {
      CHECK(reply.status != 0);
      continue;
    }
    CHECK(reply.status == static_cast<unsigned>(row.status));
    CHECK(reply.header("Connection") == "close");
    CHECK(client.at_end());
    CHECK(host.handled == before);
  }
}

TEST_CASE("server: one connection carries many requests, in order", "[daemon][server]") {
  TestServer host(test_routes(), test_answer);
  auto client = host.client();
  for (int i = 0; i < 3; ++i) {
    const auto reply = client.ask(get("/healthz"));
    CHECK(reply.status == 200);
    CHECK(reply.body == "hello");
    CHECK_FALSE(reply.header("Date").empty());
    CHECK_FALSE(reply.header("X-Request-Id").empty());
    CHECK(reply.header("Access-Control-Allow-Origin") == "*");
    CHECK(reply.header("X-Content-Type-Options") == "nosniff");
  }
  std::string ahead;
  for (int i = 0; i < 20; ++i) ahead += post("/echo", "number " + std::to_string(i));
  client.send(ahead);
  for (int i = 0; i < 20; ++i) CHECK(client.reply().body == "number " + std::to_string(i));
}

TEST_CASE("server: HEAD has the length and no body; OPTIONS, 404 and 405", "[daemon][server]") {
  TestServer host(test_routes(), test_answer);
  auto client = host.client();
  const auto head = client.ask("HEAD /healthz HTTP/1.1\r\nHost: hub\r\n\r\n", true);
  CHECK(head.status == 200);
  CHECK(head.header("Content-Length") == "5");
  const auto options = client.ask("OPTIONS /healthz HTTP/1.1\r\nHost: hub\r\n\r\n");
  CHECK(options.status == 204);
  CHECK(options.header("Allow") == "GET, HEAD, POST, OPTIONS");
  CHECK(options.header("Content-Length").empty());
  const auto missing = client.ask(get("/nothing/here"));
  CHECK(missing.status == 404);
  CHECK(missing.body == R"({"error":"Not found"})");
  const auto wrong = client.ask("DELETE /healthz HTTP/1.1\r\nHost: hub\r\n\r\n");
  CHECK(wrong.status == 405);
  CHECK(wrong.header("Allow") == "GET, HEAD, POST, OPTIONS");
}

TEST_CASE("server: a handler sees decoded segments, query, base URL and peer", "[daemon][server]") {
  TestServer host(test_routes(), test_answer);
  auto client = host.client();
  CHECK(client.ask(get("/seen/acme/a%20b/c%2Fd?q=1+2&expand[]=x")).body ==
        "acme|a b|c/d&q=1+2&expand=x http://hub 127.0.0.1");
  const auto proxied =
      get("/seen/a/b", "X-Forwarded-Proto: https\r\nX-Forwarded-Host: models.example:8443\r\n");
  CHECK(client.ask(proxied).body == "a|b https://models.example:8443 127.0.0.1");
  const auto hostile = get("/seen/a/b", "X-Forwarded-Host: evil/..\r\nX-Forwarded-Proto: js\r\n");
  CHECK(client.ask(hostile).body == "a|b http://hub 127.0.0.1");
  CHECK(client.ask(get("/healthz", "X-Request-Id: abc-1\r\n")).header("X-Request-Id") == "abc-1");
  CHECK(client.ask(get("/healthz", "X-Request-Id: a b\r\n")).header("X-Request-Id") != "a b");
}

TEST_CASE("server: bodies, fixed and chunked, and their limits", "[daemon][server]") {
  TestServer host(test_routes(), test_answer);
  auto client = host.client();
  const std::string large(900'000, 'x');
  CHECK(client.ask(post("/echo", large)).body == large);
  const std::string chunked =
      "POST /echo HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: chunked\r\n\r\n";
  CHECK(client.ask(chunked + "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nAuthorization: z\r\n\r\n").body ==
        "abcdefg");
  CHECK(client.ask(post("/ignore", "small and unread")).status == 200);
  CHECK(client.ask(get("/healthz")).status == 200);  // the unread body was drained

  SECTION("a declared length over the limit is refused before the handler") {
    const int before = host.handled;
    client.send("POST /echo HTTP/1.1\r\nHost: hub\r\nContent-Length: 1048577\r\n\r\n");
    const auto reply = client.reply();
    CHECK(reply.status == 413);
    CHECK(reply.header("Connection") == "close");
    CHECK(host.handled == before);
  }
  SECTION("a chunked body over the limit is cut off") {
    client.send(chunked + "100001\r\n" + std::string(0x100001, 'y') + "\r\n0\r\n\r\n");
    CHECK(client.reply().status == 413);
    CHECK(client.at_end());
  }
  SECTION("a large unread body closes the connection") {
    const auto reply = client.ask(post("/ignore", std::string(100'000, 'z')));
    CHECK(reply.status == 200);
    CHECK(reply.header("Connection") == "close");
    CHECK(client.at_end());
  }
  SECTION("a malformed chunk is 400 and closes") {
    CHECK(client.ask(chunked + "zz\r\nabc\r\n").status == 400);
    CHECK(client.at_end());
  }
  SECTION("a body that ends early is not taken for whole") {
    client.send("POST /echo HTTP/1.1\r\nHost: hub\r\nContent-Length: 10\r\n\r\nabc");
    client.end_of_sending();
    CHECK(client.reply().status == 400);
  }
}

TEST_CASE("server: 100 Continue comes when the handler first reads", "[daemon][server]") {
  TestServer host(test_routes(), test_answer);
  auto client = host.client();
  const std::string head =
      " HTTP/1.1\r\nHost: hub\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
  client.send("POST /echo" + head);
  CHECK(client.reply().status == 100);
  CHECK(client.ask("12345").body == "12345");
  client.send("POST /ignore" + head);
  const auto reply = client.reply();  // the final one at once, and the body is never awaited
  CHECK(reply.status == 200);
  CHECK(reply.header("Connection") == "close");
}

TEST_CASE("server: a handler that throws gives 500 and the connection goes on",
          "[daemon][server]") {
  TestServer host(test_routes(), test_answer);
  auto client = host.client();
  const auto reply = client.ask(get("/throw"));
  CHECK(reply.status == 500);
  CHECK(reply.body.find("on purpose") == std::string::npos);
  CHECK(client.ask(get("/healthz")).status == 200);
  host.server->stop(std::chrono::milliseconds(0));
  host.log.flush();
  CHECK(host.log_text.find("event=handler_threw") != std::string::npos);
  CHECK(host.log_text.find("on purpose") != std::string::npos);
}

TEST_CASE("server: limits on slow heads, idle connections and stalled bodies", "[daemon][server]") {
  Server::Options options;
  options.limits.head = options.limits.idle = std::chrono::milliseconds(50);
  options.limits.block = std::chrono::milliseconds(50);
  TestServer host(test_routes(), test_answer, options);
  SECTION("a head that never ends") {
    auto client = host.client();
    client.send("GET /healthz HTTP/1.1\r\nHost:");
    CHECK(client.reply().status != 200);
    CHECK(client.at_end());
  }
  SECTION("a connection that stays silent") { CHECK(host.client().at_end()); }
  SECTION("an idle connection after a request") {
    auto client = host.client();
    CHECK(client.ask(get("/healthz")).status == 200);
    CHECK(client.at_end());
  }
  SECTION("a body that stops") {
    auto client = host.client();
    client.send("POST /echo HTTP/1.1\r\nHost: hub\r\nContent-Length: 10\r\n\r\nabc");
    CHECK(client.reply().status != 200);
    CHECK(client.at_end());
  }
  CHECK(host.handled <= 1);
}

TEST_CASE("server: the last request allowed on a connection says so", "[daemon][server]") {
  Server::Options options;
  options.limits.requests_max = 2;
  TestServer host(test_routes(), test_answer, options);
  auto client = host.client();
  CHECK(client.ask(get("/healthz")).header("Connection").empty());
  CHECK(client.ask(get("/healthz")).header("Connection") == "close");
  CHECK(client.at_end());
}

TEST_CASE("server: connections over the limit are closed at once", "[daemon][server]") {
  Server::Options options;
  options.connections_max = 1;
  TestServer host(test_routes(), test_answer, options);
  auto first = host.client();
  CHECK(first.ask(get("/healthz")).status == 200);
  CHECK(host.client().at_end());
  CHECK(first.ask(get("/healthz")).status == 200);
}

TEST_CASE("server: a stop lets a running request finish and closes idle ones", "[daemon][server]") {
  std::promise<void> started;
  std::promise<void> go_on;
  auto wait = go_on.get_future().share();
  asio::thread_pool pool(1);
  auto answer = [&](const Route&, Request) -> Task<Response> {
    auto work = [&started, wait] {
      started.set_value();
      wait.wait();
      return 0;
    };
    co_await offload(pool, std::move(work));
    co_return text_response("late");
  };
  TestServer host(test_routes(), answer);
  auto idle = host.client();
  auto busy = host.client();
  busy.send(get("/healthz"));
  started.get_future().wait();
  auto stopped =
      std::async(std::launch::async, [&] { host.server->stop(std::chrono::seconds(20)); });
  CHECK(idle.at_end());
  go_on.set_value();
  const auto reply = busy.reply();
  CHECK(reply.body == "late");
  CHECK(reply.header("Connection") == "close");
  stopped.get();
}

TEST_CASE("server: a stop cuts what does not finish in time", "[daemon][server]") {
  TestServer host(test_routes(), test_answer);
  auto client = host.client();
  client.send(
      "POST /echo HTTP/1.1\r\nHost: hub\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.reply().status == 100);  // the handler waits for a body that does not come
  host.server->stop(std::chrono::milliseconds(20));
  CHECK(client.reply().status != 200);
}

TEST_CASE("server: listen addresses", "[daemon][server]") {
  CHECK(parse_listen_address("127.0.0.1:8080")->port == 8080);
  CHECK(parse_listen_address("[::1]:1")->host == "::1");
  for (const auto* bad : {"", "8080", ":1", "a:", "a:b", "a:70000", "a:-1"})
    CHECK_FALSE(parse_listen_address(bad));
  CHECK(is_loopback({"127.9.9.9", 1}));
  CHECK(is_loopback({"localhost", 1}));
  CHECK(is_loopback({"::1", 1}));
  CHECK_FALSE(is_loopback({"0.0.0.0", 1}));
  CHECK_FALSE(is_loopback({"example.org", 1}));
}

TEST_CASE("server: a port in use is refused, not shared", "[daemon][server]") {
  TestServer host(test_routes(), test_answer);
  Server::Options options;
  options.listen = {"127.0.0.1", host.server->port()};
  const Server::Parts parts{
      test_routes(), host.pool, storage::system_clock(), storage::system_random(),
      host.metrics,  host.log};
  const auto second = Server::start(parts, test_answer, options);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Errc::conflict);
}

}  // namespace waag::daemon
