#include "daemon/mirror/policy/policy_check.h"

#include "tests/daemon/upstream/client_fixture.h"
#include "tests/support/store_workload.h"

using namespace waag;
using namespace waag::daemon;
using namespace std::chrono_literals;
using waag::daemon::testing::failed;
using waag::daemon::testing::options_for;
using waag::testing::ScriptPeer;
using waag::testing::ScriptRequest;
using waag::testing::ScriptServer;

namespace {

UpstreamEntry entry(const std::string& path, std::uint64_t size_bytes) {
  UpstreamEntry made;
  made.path = path;
  made.size_bytes = size_bytes;
  made.is_directory = path == "sub";
  return made;
}

struct Check {
  ScriptServer server;
  waag::testing::TestClock clock;
  waag::testing::SeededRandom random{5};
  std::unique_ptr<HttpClient> http;
  std::unique_ptr<HubClient> hub;
  UpstreamRevision revision;
  std::vector<UpstreamEntry> entries{entry("README.md", 300'000), entry("sub", 0),
                                     entry("sub/a", 1)};

  explicit Check(ScriptServer::Handler handler) : server(std::move(handler)) {
    http = *HttpClient::start(options_for({server.origin()}));
    HubClient::Options options;
    options.base_url = server.origin();
    options.retries = 0;
    hub = *HubClient::make(std::move(options), *http,
                           std::make_shared<Governor>(Governor::Options{}, clock, random));
    revision.repo = *RepoId::make(RepoType::model, "acme", "tiny");
    revision.commit = *CommitId::parse("5be1b0c3a1f0c2d94c1d3c6f4b9a7e2d10c0ffee");
  }
  Status run(std::string_view toml) {
    auto policy = MirrorPolicy::parse(toml, "p");
    REQUIRE(policy);
    const auto check = policy_check(std::make_shared<const MirrorPolicy>(*std::move(policy)));
    UpstreamCall call;
    call.deadline = std::chrono::steady_clock::now() + 10s;
    return check(*hub, revision, entries, call);
  }
};

constexpr std::string_view open_only = R"(
  [[rule]]
  name = "open alone"
  action = "deny"
  licence_classes = ["conditional", "restricted", "unknown"]
)";

ScriptServer::Handler card(const std::string& licence) {
  return [licence](ScriptPeer& peer, const ScriptRequest&) {
    auto text = "---\nlicense: " + licence + "\n---\n";
    text.resize(256 * 1024, '#');
    peer.reply("206 Partial Content", "Content-Range: bytes 0-262143/300000\r\n", text);
  };
}

}  // namespace

TEST_CASE("policy check: the licence is in the front of the card", "[daemon][mirror][policy]") {
  Check good(card("mit"));
  CHECK(good.run(open_only));
  REQUIRE(good.server.requests().size() == 1);
  CHECK(good.server.requests()[0].target ==
        "/acme/tiny/resolve/5be1b0c3a1f0c2d94c1d3c6f4b9a7e2d10c0ffee/README.md");
  CHECK(good.server.requests()[0].header("Range") == "bytes=0-262143");
  Check bad(card("gemma"));
  CHECK(failed(bad.run(open_only), Errc::forbidden));
}

TEST_CASE("policy check: without a card nothing is asked", "[daemon][mirror][policy]") {
  Check check(card("mit"));
  check.entries.erase(check.entries.begin());
  CHECK(failed(check.run(open_only), Errc::forbidden));
  CHECK(check.run("[[rule]]\nname = \"x\"\naction = \"deny\"\nfile_bytes_over = 1000"));
  CHECK(check.server.requests().empty());
}

TEST_CASE("policy check: a card that cannot be read decides nothing", "[daemon][mirror][policy]") {
  Check check([](ScriptPeer& peer, const ScriptRequest&) {
    peer.reply("500 Internal Server Error", "", "");
  });
  CHECK(failed(check.run(open_only), Errc::upstream_failed));
}
