#include "daemon/http/net/trusted_proxies.h"

#include <catch2/catch.hpp>

namespace waag::daemon {
namespace {

bool contains(std::string_view list, const char* address) {
  const auto proxies = TrustedProxies::parse(list);
  REQUIRE(proxies);
  return proxies->contains(boost::asio::ip::make_address(address));
}

}  // namespace

TEST_CASE("trusted_proxies: addresses and networks of both families", "[daemon][trusted_proxies]") {
  const auto* list = "127.0.0.0/8, ::1 ,10.1.128.0/17,2001:db8::/33,192.0.2.7";
  for (const auto* in : {"127.0.0.1", "127.255.0.9", "::1", "10.1.128.0", "10.1.255.255",
                         "2001:db8:7fff::1", "192.0.2.7", "::ffff:127.0.0.1"})
    CHECK(contains(list, in));
  for (const auto* out : {"128.0.0.1", "::2", "10.1.127.255", "10.2.128.0", "2001:db8:8000::1",
                          "192.0.2.6", "::ffff:128.0.0.1"})
    CHECK_FALSE(contains(list, out));
  CHECK_FALSE(contains("", "127.0.0.1"));
  CHECK(contains("0.0.0.0/0", "203.0.113.9"));
  CHECK_FALSE(contains("0.0.0.0/0", "::1"));
}

TEST_CASE("trusted_proxies: what is neither is an error that names it",
          "[daemon][trusted_proxies]") {
  for (const std::string bad : {"localhost", "10.0.0.0/33", "::1/129", "10.0.0.0/", "10.0.0.0/x",
                                "10.0.0/8", "1.2.3.4/8 5.6.7.8"}) {
    const auto parsed = TrustedProxies::parse("127.0.0.1, " + bad);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == Errc::invalid_argument);
    CHECK(parsed.error().what.find(bad) != std::string::npos);
  }
}

}  // namespace waag::daemon
