#include "daemon/upstream/upstreams.h"

#include <filesystem>
#include <fstream>

#include "tests/daemon/upstream/client_fixture.h"
#include "tests/support/store_workload.h"
#include "tests/support/temp_folder.h"

using namespace waag;
using namespace waag::daemon;
using namespace std::chrono_literals;
using waag::daemon::testing::failed;
using waag::testing::ScriptPeer;
using waag::testing::ScriptRequest;
using waag::testing::ScriptServer;

namespace {

struct Made {
  waag::testing::TestClock clock;
  waag::testing::SeededRandom random{11};
  waag::testing::TempFolder folder;
  Config::Upstream config;

  void write_token(const std::string& text) {
    const auto path = folder.path() / "token";
    std::ofstream(path) << text;
    std::filesystem::permissions(path, std::filesystem::perms(0600));
    config.token_file = path;
  }
  Result<std::unique_ptr<Upstreams>> make() { return Upstreams::make(config, clock, random); }
};

}  // namespace

TEST_CASE("upstreams: none by default", "[daemon][upstream]") {
  Made made;
  const auto none = made.make();
  REQUIRE(none);
  CHECK((*none)->empty());
  CHECK((*none)->trusted().empty());
}

TEST_CASE("upstreams: when one counts as down is a setting", "[daemon][upstream]") {
  Made made;
  made.config.urls = "https://one.example";
  made.config.failures_max = 2;
  made.config.down_ms = 700;
  const auto upstreams = made.make();
  REQUIRE(upstreams);
  auto& governor = (*upstreams)->all()[0]->governor();
  for (int i = 0; i < 2; ++i) {
    REQUIRE(governor.admit(UpstreamBucket::api, UpstreamPriority::demand));
    governor.failed(UpstreamBucket::api);
  }
  CHECK(governor.snapshot().state == Governor::State::open);
  CHECK(governor.snapshot().until_probe == 700ms);
}

TEST_CASE("upstreams: in order, the token to the first alone", "[daemon][upstream]") {
  Made made;
  made.config.urls = "https://one.example/, https://two.example/hub ,https://two.example";
  made.config.trusted = "https://two.example/hub/";
  made.write_token("hf_secret\n");
  const auto upstreams = made.make();
  REQUIRE(upstreams);
  const auto& all = (*upstreams)->all();
  REQUIRE(all.size() == 3);
  CHECK(all[0]->base_url() == "https://one.example");
  CHECK(all[0]->authorization() == "Bearer hf_secret");
  CHECK_FALSE(all[0]->trusted());
  CHECK(all[1]->base_url() == "https://two.example/hub");
  CHECK(all[1]->authorization().empty());
  CHECK((*upstreams)->trusted() == std::vector<HubClient*>{all[1].get()});
  CHECK(&all[1]->governor() == &all[2]->governor());
  CHECK(&all[0]->governor() != &all[1]->governor());
}

TEST_CASE("upstreams: settings that are refused", "[daemon][upstream]") {
  Made made;
  made.config.urls = "https://one.example";
  SECTION("no URL") { made.config.urls = "one.example"; }
  SECTION("another scheme") { made.config.urls = "ftp://one.example"; }
  SECTION("a password") { made.config.urls = "https://u:p@one.example"; }
  SECTION("trust in a stranger") { made.config.trusted = "https://two.example"; }
  SECTION("no token file") { made.config.token_file = made.folder.path() / "none"; }
  SECTION("an empty token file") { made.write_token("\n"); }
  SECTION("two lines") { made.write_token("hf_a\nhf_b\n"); }
  SECTION("networks") { made.config.private_addresses = "10.0.0.0/99"; }
  SECTION("hosts") { made.config.redirect_hosts = "a b"; }
  const auto refused = made.make();
  CHECK(failed(refused, Errc::invalid_argument));
  CHECK(refused.error().what.starts_with("upstream."));
  CHECK(refused.error().what.find("hf_a") == std::string::npos);
}

TEST_CASE("upstreams: calls go out, and end with it", "[daemon][upstream]") {
  ScriptServer server([](ScriptPeer& peer, const ScriptRequest& request) {
    if (request.target.find("slow") != std::string::npos) return peer.pause(10s);
    peer.reply("404 Not Found", "X-Error-Code: RepoNotFound\r\n", "{}");
  });
  Made made;
  made.config.urls = server.origin();
  auto upstreams = *made.make();
  auto& hub = *upstreams->all().front();
  const auto repo = *RepoId::make(RepoType::model, "acme", "tiny");
  const UpstreamCall call{std::chrono::steady_clock::now() + 10s};
  CHECK(failed(hub.revision(repo, "main", "", call), Errc::repo_not_found));
  auto sink = std::make_shared<waag::daemon::testing::RecordingSink>();
  auto request = waag::daemon::testing::request_for(server, "/slow");
  upstreams->http().stream(request, sink);
  REQUIRE(server.wait_for_requests(2));
  upstreams.reset();
  CHECK(failed(sink->wait(), Errc::unavailable));
}
