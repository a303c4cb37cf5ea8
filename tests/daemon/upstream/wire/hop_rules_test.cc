#include "daemon/upstream/wire/hop_rules.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::daemon;

namespace {

boost::asio::ip::address address(const char* text) { return boost::asio::ip::make_address(text); }

HopRules rules(std::vector<std::string> origins, std::vector<std::string> hosts = {},
               std::vector<std::string> networks = {}) {
  auto made = HopRules::make(origins, hosts, networks);
  REQUIRE(made);
  return *std::move(made);
}

bool goes(const HopRules& rules, const std::string& url) {
  const auto hop = parse_hop_url(url);
  REQUIRE(hop);
  const auto checked = rules.check(*hop);
  CHECK((checked || checked.error().code == Errc::upstream_failed));
  return checked.has_value();
}

}  // namespace

TEST_CASE("hop rules: which addresses are public", "[daemon][upstream]") {
  for (const auto* text : {"0.0.0.0",
                           "0.1.2.3",
                           "10.0.0.1",
                           "100.64.0.1",
                           "100.127.255.255",
                           "127.0.0.1",
                           "127.255.0.1",
                           "169.254.169.254",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.0.0.192",
                           "192.168.1.1",
                           "198.18.0.1",
                           "198.19.255.255",
                           "224.0.0.1",
                           "239.1.1.1",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "::127.0.0.1",
                           "::ffff:127.0.0.1",
                           "::ffff:10.0.0.1",
                           "::ffff:169.254.169.254",
                           "fe80::1",
                           "fec0::1",
                           "fc00::1",
                           "fd00:ec2::254",
                           "ff02::1",
                           "64:ff9b::a00:1",
                           "64:ff9b:1::1",
                           "2002:7f00:1::",
                           "2002:a9fe:a9fe::",
                           "2001::1",
                           "2001:db8::1",
                           "100::1",
                           "4000::1"}) {
    CAPTURE(text);
    CHECK_FALSE(is_public_address(address(text)));
  }
  for (const auto* text :
       {"1.1.1.1", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1", "192.167.0.1",
        "223.255.255.255", "2606:4700::1111", "2001:4860:4860::8888", "::ffff:8.8.8.8",
        "64:ff9b::808:808", "2002:808:808::1"}) {
    CAPTURE(text);
    CHECK(is_public_address(address(text)));
  }
}

TEST_CASE("hop rules: addresses that the configuration names", "[daemon][upstream]") {
  const auto made = rules({"http://127.0.0.1:8080", "http://[::1]:80", "https://hub.example"}, {},
                          {"10.1.0.0/16", "fd00::/8"});
  const Origin literal{false, "127.0.0.1", 8080};
  CHECK(made.allows(literal, address("127.0.0.1")));
  CHECK_FALSE(made.allows(literal, address("127.0.0.2")));
  CHECK_FALSE(made.allows({false, "127.0.0.1", 8081}, address("127.0.0.1")));
  CHECK(made.allows({false, "::1", 80}, address("::1")));
  // A name may not lead to what a literal origin may.
  CHECK_FALSE(made.allows({true, "hub.example", 443}, address("127.0.0.1")));
  CHECK(made.allows({true, "hub.example", 443}, address("10.1.2.3")));
  CHECK(made.allows({true, "hub.example", 443}, address("::ffff:10.1.2.3")));
  CHECK(made.allows({true, "hub.example", 443}, address("fd12::1")));
  CHECK_FALSE(made.allows({true, "hub.example", 443}, address("10.2.0.1")));
  CHECK(made.allows({true, "hub.example", 443}, address("93.184.216.34")));
}

TEST_CASE("hop rules: schemes, hosts and ports", "[daemon][upstream]") {
  const auto made =
      rules({"https://hub.example", "http://mirror.example:8080", "https://other.example:8443"},
            {"*.hf.co", "hf.co", "files.example:9000"});
  CHECK(goes(made, "https://hub.example/a"));
  CHECK(goes(made, "https://HUB.example:443/a"));
  CHECK(goes(made, "http://mirror.example:8080/a"));
  CHECK(goes(made, "https://other.example:8443/a"));
  CHECK(goes(made, "https://other.example/a"));
  CHECK(goes(made, "https://hf.co/a"));
  CHECK(goes(made, "https://cas-bridge.xethub.hf.co/a"));
  CHECK(goes(made, "https://files.example:9000/a"));
  CHECK_FALSE(goes(made, "http://hub.example/a"));
  CHECK_FALSE(goes(made, "http://mirror.example/a"));
  CHECK_FALSE(goes(made, "http://cdn.hf.co/a"));
  CHECK_FALSE(goes(made, "https://hub.example:8443/a"));
  CHECK_FALSE(goes(made, "https://cdn.hf.co:8443/a"));
  CHECK_FALSE(goes(made, "https://hf.co.evil.example/a"));
  CHECK_FALSE(goes(made, "https://evilhf.co/a"));
  CHECK_FALSE(goes(made, "https://files.example/a"));
  CHECK_FALSE(goes(made, "https://[::ffff:a9fe:a9fe]/a"));
}

TEST_CASE("hop rules: http where a pattern says so", "[daemon][upstream]") {
  const auto made = rules({"https://hub.example"}, {"http://files.example:*", "cdn.example:*"});
  CHECK(goes(made, "http://files.example/x"));
  CHECK(goes(made, "http://files.example:8080/x"));
  CHECK_FALSE(goes(made, "https://files.example/x"));
  CHECK(goes(made, "https://cdn.example:8443/x"));
  CHECK_FALSE(goes(made, "http://cdn.example/x"));
  CHECK_FALSE(goes(made, "http://hub.example/x"));
  const auto one = rules({"https://hub.example"}, {"http://files.example"});
  CHECK(goes(one, "http://files.example/x"));
  CHECK_FALSE(goes(one, "http://files.example:81/x"));
}

TEST_CASE("hop rules: a pattern for all hosts admits no private address", "[daemon][upstream]") {
  const auto made = rules({"https://hub.example"}, {"*"});
  CHECK(goes(made, "https://anything.example/a"));
  CHECK_FALSE(goes(made, "https://169.254.169.254/latest/meta-data"));
  CHECK_FALSE(goes(made, "https://[::1]/a"));
}

TEST_CASE("hop rules: URLs of two meanings", "[daemon][upstream]") {
  const auto* text =
      GENERATE("ftp://hub.example/", "file:///etc/passwd", "https://user:pw@hub.example/",
               "https://user@hub.example/", "https:///x", "//hub.example/", "/relative", "",
               "https://%31%32%37.0.0.1/", "https://a\\@b/", "https://hub.example:0/",
               "https://hub.example:99999/", "https://[fe80::1%25eth0]/", "https://hub example/",
               "https://hub.example/\r\nX: y", "javascript:1");
  CAPTURE(text);
  const auto hop = parse_hop_url(text);
  REQUIRE_FALSE(hop);
  CHECK(hop.error().code == Errc::invalid_argument);
}

TEST_CASE("hop rules: where a Location leads", "[daemon][upstream]") {
  const auto base = parse_hop_url("http://h.example:81/a/b?c=d");
  REQUIRE(base);
  const auto to = [&](const std::string& location) {
    const auto hop = resolve_location(*base, location);
    return hop ? hop->url : hop.error().what;
  };
  CHECK(to("/x/y?z=1") == "http://h.example:81/x/y?z=1");
  CHECK(to("y") == "http://h.example:81/a/y");
  CHECK(to("../y") == "http://h.example:81/y");
  CHECK(to("?q=%22e%22") == "http://h.example:81/a/b?q=%22e%22");
  CHECK(to("//other.example/p") == "http://other.example/p");
  // Signed URLs stay as they are; what is bare is encoded; a fragment is nobody's business.
  CHECK(to("https://cdn.example/%7Ea/b?Signature=a~b-c_&K=%2F#frag") ==
        "https://cdn.example/%7Ea/b?Signature=a~b-c_&K=%2F");
  CHECK(to("/a b?n=[x]\"\xC3\xA9") == "http://h.example:81/a%20b?n=%5Bx%5D%22%C3%A9");
  for (const auto* bad : {"file:///etc/passwd", "https://u:p@x.example/", "\\\\x.example\\a",
                          "https://x.example\\@y.example/"}) {
    CAPTURE(bad);
    CHECK_FALSE(resolve_location(*base, bad));
  }
  CHECK_FALSE(resolve_location(*base, "/" + std::string(20'000, 'a')));
}

TEST_CASE("hop rules: malformed settings", "[daemon][upstream]") {
  CHECK_FALSE(HopRules::make({"hub.example"}, {}, {}));
  CHECK_FALSE(HopRules::make({}, {"a b"}, {}));
  CHECK_FALSE(HopRules::make({}, {"a:99999"}, {}));
  CHECK_FALSE(HopRules::make({}, {""}, {}));
  CHECK_FALSE(HopRules::make({}, {}, {"10.0.0.0/33"}));
}
