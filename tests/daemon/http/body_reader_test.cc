#include "daemon/http/body_reader.h"

#include "tests/daemon/http/test_routes.h"

namespace waag::daemon {

using testing::get;
using testing::post;
using testing::test_answer;
using testing::test_routes;
using testing::TestServer;

TEST_CASE("body_reader: bodies, fixed and chunked, and their limits", "[daemon][body_reader]") {
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

TEST_CASE("body_reader: 100 Continue comes when the handler first reads", "[daemon][body_reader]") {
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

}  // namespace waag::daemon
