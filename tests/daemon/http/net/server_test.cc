#include "daemon/http/net/server.h"

#include <future>

#include "tests/daemon/http/test_routes.h"

namespace waag::daemon {

using testing::get;
using testing::test_answer;
using testing::test_routes;
using testing::TestServer;

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
