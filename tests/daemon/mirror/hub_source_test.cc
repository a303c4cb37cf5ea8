#include "daemon/mirror/hub_source.h"

#include "tests/daemon/upstream/client_fixture.h"
#include "tests/support/store_workload.h"

namespace waag::daemon::testing {

using waag::testing::ScriptPeer;
using waag::testing::ScriptRequest;
using waag::testing::ScriptServer;

namespace {

const std::string sha = "5be1b0c3a1f0c2d94c1d3c6f4b9a7e2d10c0ffee";
const std::string content = "0123456789abcdefghij";

void send_part(ScriptPeer& peer, const ScriptRequest& request) {
  unsigned first = 0;
  unsigned last = 0;
  const auto range = request.header("Range");
  if (std::sscanf(range.c_str(), "bytes=%u-%u", &first, &last) != 2)
    return peer.reply("200 OK", "", content);
  peer.reply("206 Partial Content",
             "Content-Range: bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" +
                 std::to_string(content.size()) + "\r\n",
             content.substr(first, last - first + 1));
}

/// A hub that sends callers on to a file server, or to another path of its own.
struct HubSourceFixture {
  HubSourceFixture() {
    http = *HttpClient::start(options_for({hub.origin(), files.origin()}));
    HubClient::Options with;
    with.base_url = hub.origin() + "/hub";
    with.token = Secret("hf_secret");
    client = *HubClient::make(std::move(with), *http, governor);
    const HubSource::File file{
        {RepoType::model, "acme", "tiny"}, *CommitId::parse(sha), "a b.bin", content.size()};
    source = std::make_shared<HubSource>(*client, file, std::chrono::milliseconds(50));
  }

  struct Fetched {
    Status end;
    std::string body;
    unsigned status = 0;
  };
  Fetched fetch(storage::Stretch part) {
    const auto sink = std::make_shared<RecordingSink>();
    const auto transfer = source->fetch(part, sink, nullptr);
    REQUIRE(transfer != nullptr);
    auto end = sink->wait();
    CHECK(sink->dones() == 1);
    return {std::move(end), sink->body(), sink->reply().status};
  }
  std::uint64_t governed() const { return governor->snapshot().buckets[1].calls; }

  std::atomic<bool> to_files{true};
  std::atomic<bool> denied{false};
  ScriptServer files{[this](ScriptPeer& peer, const ScriptRequest& request) {
    if (denied) return peer.reply("403 Forbidden", "", "expired");
    send_part(peer, request);
  }};
  ScriptServer hub{[this](ScriptPeer& peer, const ScriptRequest& request) {
    if (request.target.starts_with("/blobs/")) return send_part(peer, request);
    const auto to = to_files ? files.origin() + "/signed?key=1" : hub.origin() + "/blobs/1";
    peer.reply("302 Found", "Location: " + to + "\r\n", "");
  }};
  waag::testing::TestClock clock;
  waag::testing::SeededRandom random{5};
  std::shared_ptr<Governor> governor =
      std::make_shared<Governor>(Governor::Options{}, clock, random);
  std::unique_ptr<HttpClient> http;
  std::unique_ptr<HubClient> client;
  std::shared_ptr<HubSource> source;
};

}  // namespace

TEST_CASE_METHOD(HubSourceFixture, "hub source: the hub is asked first, then the file server",
                 "[daemon][hub_source]") {
  const auto first = fetch({0, 5});
  CHECK(first.end);
  CHECK(first.body == "01234");
  CHECK(first.status == 206);
  CHECK(governed() == 1);
  const auto asked = hub.requests();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].target == "/hub/acme/tiny/resolve/" + sha + "/a%20b.bin");
  CHECK(asked[0].header("Authorization") == "Bearer hf_secret");
  CHECK(asked[0].header("Range") == "bytes=0-4");
  const auto second = fetch({5, 20});
  CHECK(second.body == content.substr(5));
  CHECK(governed() == 1);
  CHECK(hub.requests().size() == 1);
  const auto sent = files.requests();
  REQUIRE(sent.size() == 2);
  CHECK(sent[1].target == "/signed?key=1");
  CHECK(sent[1].header("Range") == "bytes=5-19");
  for (const auto& request : sent) CHECK(request.header("Authorization").empty());
  CHECK(governor->snapshot().bytes == content.size());
}

TEST_CASE_METHOD(HubSourceFixture, "hub source: all of a file is no range",
                 "[daemon][hub_source]") {
  const auto whole = fetch({0, content.size()});
  CHECK(whole.end);
  CHECK(whole.status == 200);
  CHECK(whole.body == content);
  CHECK(hub.requests()[0].header("Range").empty());
}

TEST_CASE_METHOD(HubSourceFixture, "hub source: a URL that is refused is forgotten",
                 "[daemon][hub_source]") {
  CHECK(fetch({0, 5}).end);
  denied = true;
  // An old URL says nothing of the file: this is no "forbidden".
  const auto old = fetch({5, 10});
  REQUIRE_FALSE(old.end);
  CHECK(old.end.error().code == Errc::upstream_failed);
  CHECK(old.status == 0);  // the sink has not seen it
  CHECK(hub.requests().size() == 1);
  denied = false;
  CHECK(fetch({5, 10}).body == content.substr(5, 5));
  CHECK(hub.requests().size() == 2);
  CHECK(governed() == 2);
}

TEST_CASE_METHOD(HubSourceFixture, "hub source: the hub's own paths are always asked as its own",
                 "[daemon][hub_source]") {
  to_files = false;
  CHECK(fetch({0, 5}).body == "01234");
  CHECK(fetch({5, 10}).body == "56789");
  CHECK(governed() == 2);
  const auto asked = hub.requests();
  REQUIRE(asked.size() == 4);
  for (const auto& request : asked) CHECK(request.header("Authorization") == "Bearer hf_secret");
}

TEST_CASE_METHOD(HubSourceFixture, "hub source: a refusal of the hub itself is the sink's",
                 "[daemon][hub_source]") {
  denied = true;
  CHECK(fetch({0, 5}).status == 403);
}

TEST_CASE_METHOD(HubSourceFixture, "hub source: without budget nothing is called",
                 "[daemon][hub_source]") {
  Headers later;
  later.set("Retry-After", "100");
  REQUIRE(governor->admit(UpstreamBucket::resolvers, UpstreamPriority::demand));
  governor->answered(UpstreamBucket::resolvers, 429, later);
  const auto refused = fetch({0, 5});
  CHECK(failed(refused.end, Errc::too_many_requests));
  CHECK(hub.requests().empty());
  governor->close();
  CHECK_FALSE(fetch({0, 5}).end);
}

}  // namespace waag::daemon::testing
