#include "daemon/http/session.h"

#include "tests/daemon/http/test_routes.h"
#include "tests/vectors/http_requests.h"

namespace waag::daemon {

using testing::get;
using testing::post;
using testing::test_answer;
using testing::test_routes;
using testing::TestServer;

TEST_CASE("session: every shape that the guard refuses is answered, closed and not handled",
          "[daemon][session]") {
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

TEST_CASE("session: one connection carries many requests, in order", "[daemon][session]") {
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

TEST_CASE("session: HEAD has the length and no body; OPTIONS, 404 and 405", "[daemon][session]") {
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

TEST_CASE("session: a handler that throws gives 500 and the connection goes on",
          "[daemon][session]") {
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

TEST_CASE("session: limits on slow heads, idle connections and stalled bodies",
          "[daemon][session]") {
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

TEST_CASE("session: the last request allowed on a connection says so", "[daemon][session]") {
  Server::Options options;
  options.limits.requests_max = 2;
  TestServer host(test_routes(), test_answer, options);
  auto client = host.client();
  CHECK(client.ask(get("/healthz")).header("Connection").empty());
  CHECK(client.ask(get("/healthz")).header("Connection") == "close");
  CHECK(client.at_end());
}

}  // namespace waag::daemon
