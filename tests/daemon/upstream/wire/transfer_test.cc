#include "daemon/upstream/wire/transfer.h"

#include "tests/daemon/upstream/client_fixture.h"

using namespace waag;
using namespace waag::daemon;
using namespace std::chrono_literals;
using waag::daemon::testing::failed;
using waag::daemon::testing::options_for;
using waag::daemon::testing::request_for;
using waag::testing::http_reply;
using waag::testing::ScriptPeer;
using waag::testing::ScriptRequest;
using waag::testing::ScriptServer;

namespace {

/// Two servers; of the first "/go?STATUS,LOCATION" redirects there, all else is answered with what
/// came.
void answer(ScriptPeer& peer, const ScriptRequest& request) {
  if (!request.target.starts_with("/go?"))
    return peer.reply("200 OK", "X-Last: yes\r\n", request.method + " " + request.target);
  const auto comma = request.target.find(',');
  peer.reply(request.target.substr(4, comma - 4) + " Moved",
             "X-First: yes\r\nX-Repo-Commit: abc\r\nLocation: " + request.target.substr(comma + 1) +
                 "\r\n",
             "moved");
}

struct TwoServers {
  ScriptServer home{answer};
  ScriptServer other{answer};
  std::unique_ptr<HttpClient> client =
      *HttpClient::start(options_for({home.origin(), other.origin()}));
  UpstreamRequest to(const std::string& target) {
    auto request = request_for(home, target);
    request.headers.set("Authorization", "Bearer hf_secret");
    request.headers.set("Cookie", "token=secret");
    request.headers.set("X-Other", "kept");
    return request;
  }
};

}  // namespace

TEST_CASE("transfer: a redirect inside the origin keeps the token", "[daemon][upstream]") {
  TwoServers servers;
  const auto reply = servers.client->fetch(servers.to("/go?307,/there?a=b"));
  REQUIRE(reply);
  CHECK(reply->body == "GET /there?a=b");
  CHECK(reply->url == servers.home.origin() + "/there?a=b");
  CHECK(reply->first.get("X-Repo-Commit") == "abc");
  CHECK_FALSE(reply->first.get("X-Last"));
  CHECK(reply->headers.get("X-Last") == "yes");
  CHECK_FALSE(reply->headers.get("X-First"));
  const auto seen = servers.home.requests();
  REQUIRE(seen.size() == 2);
  CHECK(seen[1].header("Authorization") == "Bearer hf_secret");
  CHECK(seen[1].header("Cookie") == "token=secret");
  CHECK(servers.home.connections() == 1);
}

TEST_CASE("transfer: another origin never sees the token", "[daemon][upstream]") {
  TwoServers servers;
  // There, and back again: whoever stands there chose the URL of the way back.
  const auto back = servers.home.origin() + "/there";
  const auto reply =
      servers.client->fetch(servers.to("/go?302," + servers.other.origin() + "/go?302," + back));
  REQUIRE(reply);
  CHECK(reply->body == "GET /there");
  REQUIRE(servers.other.requests().size() == 1);
  CHECK(servers.other.requests()[0].header("Authorization").empty());
  CHECK(servers.other.requests()[0].header("Cookie").empty());
  CHECK(servers.other.requests()[0].header("X-Other") == "kept");
  REQUIRE(servers.home.requests().size() == 2);
  CHECK(servers.home.requests()[1].header("Authorization").empty());
}

TEST_CASE("transfer: redirects that are not followed", "[daemon][upstream]") {
  TwoServers servers;
  const auto location =
      GENERATE(as<std::string>{}, "http://127.0.0.1:1/", "http://169.254.169.254/latest/meta-data/",
               "https://169.254.169.254/", "https://localhost/", "file:///etc/passwd",
               "ftp://127.0.0.1/", "gopher://127.0.0.1/", "https://example.com/",
               "http://user@127.0.0.1/", "//", "https://0x7f.1/");
  CAPTURE(location);
  CHECK(failed(servers.client->fetch(servers.to("/go?302," + location)), Errc::upstream_failed));
  CHECK(servers.home.requests().size() == 1);
  CHECK(servers.other.connections() == 0);
}

TEST_CASE("transfer: five redirects and no more", "[daemon][upstream]") {
  TwoServers servers;
  std::string five = "/there";
  for (int i = 0; i < 5; ++i) five = "/go?302," + five;
  CHECK(servers.client->fetch(servers.to(five)));
  CHECK(servers.home.requests().size() == 6);
  CHECK(failed(servers.client->fetch(servers.to("/go?302," + five)), Errc::upstream_failed));
  CHECK(servers.home.requests().size() == 12);
}

TEST_CASE("transfer: a redirect may be the answer", "[daemon][upstream]") {
  TwoServers servers;
  auto request = servers.to("/go?302,https://example.com/x");
  request.follow = false;
  const auto reply = servers.client->fetch(request);
  REQUIRE(reply);
  CHECK(reply->status == 302);
  CHECK(reply->headers.get("Location") == "https://example.com/x");
  CHECK(reply->body == "moved");
}

TEST_CASE("transfer: what becomes of a POST", "[daemon][upstream]") {
  TwoServers servers;
  auto request = servers.to("/go?307,/there");
  request.method = "POST";
  request.body = "want";
  CHECK(servers.client->fetch(request)->body == "POST /there");
  CHECK(servers.home.requests().at(1).body == "want");
  for (const auto* status : {"301", "302", "303"}) {
    request.url = servers.home.origin() + "/go?" + status + ",/there";
    CHECK(failed(servers.client->fetch(request), Errc::upstream_failed));
  }
}

TEST_CASE("transfer: a redirect's own body is not waited for", "[daemon][upstream]") {
  ScriptServer server([](ScriptPeer& peer, const ScriptRequest& request) {
    if (request.target == "/there") return peer.reply("200 OK", "", "here");
    peer.send("HTTP/1.1 302 Found\r\nLocation: /there\r\n\r\n");
    for (int i = 0; i < 1000; ++i)
      if (!peer.send(std::string(16'384, 'x'))) return;
  });
  const auto client = *HttpClient::start(options_for({server.origin()}));
  const auto reply = client->fetch(request_for(server, "/a"));
  REQUIRE(reply);
  CHECK(reply->body == "here");
}

TEST_CASE("transfer: a range goes along, its answer is the last hop's", "[daemon][upstream]") {
  ScriptServer server([](ScriptPeer& peer, const ScriptRequest& request) {
    if (request.target == "/a") return peer.reply("302 Found", "Location: /b\r\n", "");
    const auto range = request.header("Range") == "bytes=3-4" ? "bytes 3-4/9" : "bytes 0-1/9";
    peer.reply("206 Partial Content", std::string("Content-Range: ") + range + "\r\n", "34");
  });
  const auto client = *HttpClient::start(options_for({server.origin()}));
  auto request = request_for(server, "/a");
  request.range = http::ByteRange{3, 4};
  CHECK(client->fetch(request)->body == "34");
}

TEST_CASE("transfer: through a proxy, which sees no token of its own", "[daemon][upstream]") {
  ScriptServer proxy([](ScriptPeer& peer, const ScriptRequest& request) {
    peer.reply("200 OK", "", request.target);
  });
  auto options = options_for({"http://hub.invalid"});
  options.proxy = proxy.origin();
  const auto client = *HttpClient::start(options);
  UpstreamRequest request;
  request.url = "http://hub.invalid/a";
  const auto reply = client->fetch(request);
  REQUIRE(reply);
  CHECK(reply->body == "http://hub.invalid/a");
  request.url = "http://169.254.169.254/a";
  CHECK(failed(client->fetch(request), Errc::upstream_failed));
  CHECK(proxy.requests().size() == 1);
}
