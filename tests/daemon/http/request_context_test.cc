#include "daemon/http/request_context.h"

#include "tests/daemon/http/test_routes.h"

namespace waag::daemon {

using testing::get;
using testing::test_answer;
using testing::test_routes;
using testing::TestServer;

TEST_CASE("request_context: a handler sees decoded segments, query, base URL and peer",
          "[daemon][request_context]") {
  TestServer host(test_routes(), test_answer);
  auto client = host.client();
  CHECK(client.ask(get("/seen/acme/a%20b/c%2Fd?q=1+2&expand[]=x")).body ==
        "acme|a b|c/d&q=1+2&expand=x http://hub 127.0.0.1");
  CHECK(client.ask(get("/healthz", "X-Request-Id: abc-1\r\n")).header("X-Request-Id") == "abc-1");
  CHECK(client.ask(get("/healthz", "X-Request-Id: a b\r\n")).header("X-Request-Id") != "a b");
}

TEST_CASE("request_context: X-Forwarded-* is believed of a trusted proxy only",
          "[daemon][request_context]") {
  const auto proxied =
      get("/seen/a/b", "X-Forwarded-Proto: https\r\nX-Forwarded-Host: models.example:8443\r\n");
  const auto hostile = get("/seen/a/b", "X-Forwarded-Host: evil/..\r\nX-Forwarded-Proto: js\r\n");
  TestServer strangers(test_routes(), test_answer);
  CHECK(strangers.client().ask(proxied).body == "a|b http://hub 127.0.0.1");
  Server::Options options;
  options.trusted_proxies = *TrustedProxies::parse("10.0.0.0/8, 127.0.0.0/8");
  TestServer host(test_routes(), test_answer, options);
  auto client = host.client();
  CHECK(client.ask(proxied).body == "a|b https://models.example:8443 127.0.0.1");
  CHECK(client.ask(hostile).body == "a|b http://hub 127.0.0.1");
}

TEST_CASE("request_context: the address is the one that a trusted proxy saw",
          "[daemon][request_context]") {
  const auto from = [](const std::string& list) {
    return get("/seen/a/b", "X-Forwarded-For: " + list + "\r\n");
  };
  TestServer strangers(test_routes(), test_answer);
  CHECK(strangers.client().ask(from("10.1.2.3")).body == "a|b http://hub 127.0.0.1");
  Server::Options options;
  options.trusted_proxies = *TrustedProxies::parse("127.0.0.0/8");
  TestServer host(test_routes(), test_answer, options);
  auto client = host.client();
  CHECK(client.ask(from("10.1.2.3")).body == "a|b http://hub 10.1.2.3");
  // What stands before the last address is what the client itself claims.
  CHECK(client.ask(from("1.1.1.1, 2001:DB8::1 ")).body == "a|b http://hub 2001:db8::1");
  for (const auto* bad : {"unknown", "1.2.3", "10.1.2.3:80", "1.1.1.1,"})
    CHECK(client.ask(from(bad)).body == "a|b http://hub 127.0.0.1");
}

TEST_CASE("request_context: the trace id that every Python client sends is the request's id",
          "[daemon][request_context]") {
  TestServer host(test_routes(), test_answer);
  auto client = host.client();
  const std::string trace = "X-Amzn-Trace-Id: 5a59f9e6-b02b-4eb0\r\n";
  CHECK(client.ask(get("/healthz", trace)).header("X-Request-Id") == "5a59f9e6-b02b-4eb0");
  CHECK(client.ask(get("/healthz", trace + "X-Request-Id: own\r\n")).header("X-Request-Id") ==
        "own");
  CHECK(client.ask(get("/healthz", trace + "X-Request-Id: a b\r\n")).header("X-Request-Id") ==
        "5a59f9e6-b02b-4eb0");
}

TEST_CASE("request_context: what may be a request id, what may be a host",
          "[daemon][request_context]") {
  CHECK(is_sane_request_id("4bf92f35-77b3:a.b_c"));
  for (const std::string& bad :
       {std::string(), std::string("a b"), std::string("a\"b"), std::string(129, 'a')})
    CHECK_FALSE(is_sane_request_id(bad));
  CHECK(is_sane_host("hub.example:8080"));
  CHECK(is_sane_host("[::1]:8080"));
  for (const auto* bad : {"", "a/b", "user@host", "a b", "a\r\nb", "a?b"})
    CHECK_FALSE(is_sane_host(bad));
}

TEST_CASE("request_context: a configured public URL wins", "[daemon][request_context]") {
  const Router router(test_routes());
  auto verdict = http::guard_request_head(get("/healthz", "X-Forwarded-Host: other\r\n"));
  REQUIRE(verdict);
  const auto inbound = make_request(router, *verdict.head, {}, "https://hub.example/");
  CHECK(inbound.request.base_url == "https://hub.example");
  REQUIRE(inbound.route);
  CHECK(inbound.route->name == "healthz");
}

}  // namespace waag::daemon
