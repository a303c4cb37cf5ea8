#include <filesystem>
#include <fstream>

#include "tests/daemon/upstream/client_fixture.h"
#include "tests/support/net/tls_channel.h"
#include "tests/support/temp_folder.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::failed;
using waag::daemon::testing::options_for;
using waag::testing::ScriptPeer;
using waag::testing::ScriptRequest;
using waag::testing::ScriptServer;
using waag::testing::TlsServerKey;

namespace {

struct TlsHub {
  waag::testing::TempFolder folder;
  TlsServerKey key;
  ScriptServer server;
  UpstreamRequest request;
  std::string authority;

  explicit TlsHub(const std::string& names, bool expired = false)
      : key(names, expired),
        server([](ScriptPeer& peer, const ScriptRequest&) { peer.reply("200 OK", "", "safe"); },
               key.wrap()),
        authority(trust(key)) {
    request.url = origin() + "/a";
  }
  [[nodiscard]] std::string origin() const {
    return "https://127.0.0.1:" + std::to_string(server.port());
  }
  std::string trust(const TlsServerKey& whom) const {
    const auto path = folder.path() / "ca.pem";
    std::ofstream(path) << whom.certificate();
    return path;
  }
  Result<UpstreamReply> fetch(const std::string& ca_file) {
    auto options = options_for({origin(), "http://127.0.0.1:" + std::to_string(server.port())});
    options.ca_file = ca_file;
    return (*HttpClient::start(options))->fetch(request);
  }
};

}  // namespace

TEST_CASE("upstream tls: an authority of one's own", "[daemon][upstream]") {
  TlsHub hub("IP:127.0.0.1");
  const auto reply = hub.fetch(hub.authority);
  REQUIRE(reply);
  CHECK(reply->body == "safe");
}

TEST_CASE("upstream tls: nobody else is believed", "[daemon][upstream]") {
  TlsHub hub("IP:127.0.0.1");
  CHECK(failed(hub.fetch(""), Errc::upstream_failed));  // the system's authorities
  CHECK(failed(hub.fetch(hub.trust(TlsServerKey("IP:127.0.0.1"))), Errc::upstream_failed));
  CHECK(failed(hub.fetch(hub.folder.path() / "none.pem"), Errc::upstream_failed));
  CHECK(hub.server.requests().empty());
}

TEST_CASE("upstream tls: another host's certificate, or an old one", "[daemon][upstream]") {
  TlsHub other("IP:127.0.0.2,DNS:hub.example");
  CHECK(failed(other.fetch(other.authority), Errc::upstream_failed));
  TlsHub old("IP:127.0.0.1", /*expired=*/true);
  CHECK(failed(old.fetch(old.authority), Errc::upstream_failed));
  CHECK(other.server.requests().empty());
  CHECK(old.server.requests().empty());
}

TEST_CASE("upstream tls: a peer that does not speak it", "[daemon][upstream]") {
  TlsHub hub("IP:127.0.0.1");
  hub.request.url = "http" + hub.request.url.substr(5);
  CHECK(failed(hub.fetch(hub.authority), Errc::upstream_failed));
  // It waits for the end of a request that never comes, and we for its half of the handshake.
  ScriptServer plain([](ScriptPeer& peer, const ScriptRequest&) { peer.reply("200 OK", "", ""); });
  const auto origin = "https://127.0.0.1:" + std::to_string(plain.port());
  auto options = options_for({origin});
  options.connect_time = std::chrono::milliseconds(300);
  UpstreamRequest request;
  request.url = origin + "/a";
  CHECK(failed((*HttpClient::start(options))->fetch(request), Errc::deadline_exceeded));
  CHECK(plain.requests().empty());
}
