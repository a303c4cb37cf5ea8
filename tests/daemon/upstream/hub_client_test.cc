#include "daemon/upstream/hub_client.h"

#include <functional>

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

const std::string sha = "5be1b0c3a1f0c2d94c1d3c6f4b9a7e2d10c0ffee";

std::string revision_json(const std::string& id) {
  return R"({"id":")" + id + R"(","private":false,"sha":")" + sha + "\"}";
}

std::string tree_json(int first, int count) {
  std::string page;
  for (int i = first; i < first + count; ++i)
    page += std::string(page.empty() ? "" : ",") + R"({"type":"file","oid":")" + sha +
            R"(","size":1,"path":"f)" + std::to_string(i) + "\"}";
  return "[" + page + "]";
}

struct Hub {
  ScriptServer server;
  waag::testing::TestClock clock;
  waag::testing::SeededRandom random{5};
  std::shared_ptr<Governor> governor =
      std::make_shared<Governor>(Governor::Options{}, clock, random);
  std::unique_ptr<HttpClient> http;
  std::unique_ptr<HubClient> client;
  const RepoId repo = *RepoId::make(RepoType::model, "acme", "tiny");
  const CommitId commit = *CommitId::parse(sha);

  explicit Hub(ScriptServer::Handler handler, const std::string& prefix = "")
      : server(std::move(handler)) {
    auto options = options_for({server.origin()});
    options.idle_time = 1s;
    http = *HttpClient::start(options);
    HubClient::Options with;
    with.base_url = server.origin() + prefix + "/";
    with.token = Secret("hf_secret");
    with.retry_base = 10ms;
    with.retries = 3;
    client = *HubClient::make(std::move(with), *http, governor);
  }
  static UpstreamCall soon(std::chrono::milliseconds in = 10s) {
    return {std::chrono::steady_clock::now() + in};
  }
  auto revision(const std::string& name = "main", const std::string& etag = "") {
    return client->revision(repo, name, etag, soon());
  }
  std::size_t calls() const { return server.requests().size(); }
};

/// The same reply to all.
ScriptServer::Handler always(std::string status, std::string headers, std::string body) {
  return [=](ScriptPeer& peer, const ScriptRequest&) { peer.reply(status, headers, body); };
}

}  // namespace

TEST_CASE("hub client: a revision", "[daemon][upstream]") {
  Hub hub([](ScriptPeer& peer, const ScriptRequest& request) {
    if (request.header("If-None-Match") == "\"e\"")
      return peer.reply("304 Not Modified", "ETag: \"e\"\r\n", "");
    peer.reply("200 OK", "ETag: \"e\"\r\nContent-Type: application/json\r\n",
               revision_json("Acme/Tiny"));
  });
  const auto found = hub.revision("feat/x y");
  REQUIRE(found);
  REQUIRE(*found);
  CHECK((*found)->repo.full_name() == "Acme/Tiny");
  CHECK((*found)->commit == hub.commit);
  CHECK((*found)->etag == "\"e\"");
  const auto again = hub.revision("main", "\"e\"");
  REQUIRE(again);
  CHECK_FALSE(*again);
  const auto seen = hub.server.requests();
  CHECK(seen[0].target.starts_with("/api/models/acme/tiny/revision/feat%2Fx%20y?expand=author&"));
  CHECK(seen[0].header("Authorization") == "Bearer hf_secret");
  CHECK(hub.governor->snapshot().calls == 2);
  CHECK(hub.governor->snapshot().bytes == revision_json("Acme/Tiny").size());
}

TEST_CASE("hub client: a renamed repository", "[daemon][upstream]") {
  Hub hub([](ScriptPeer& peer, const ScriptRequest& request) {
    if (request.target.starts_with("/api/models/acme/"))
      return peer.reply("307 Moved",
                        "Location: /api/models/new/name/revision/main\r\n"
                        "RateLimit: \"api\";r=7;t=60\r\n",
                        "");
    peer.reply("200 OK", "", revision_json("new/name"));
  });
  CHECK((*hub.revision())->repo.full_name() == "new/name");
  CHECK(hub.governor->snapshot().buckets[0].remaining == 7u);
}

TEST_CASE("hub client: failures keep apart what is missing and what is down",
          "[daemon][upstream]") {
  struct Case {
    std::string status, headers, body;
    Errc code;
  };
  const auto row = GENERATE(values<Case>({
      {"404 Not Found", "X-Error-Code: RepoNotFound\r\n", "{}", Errc::repo_not_found},
      {"404 Not Found", "X-Error-Code: RevisionNotFound\r\n", "{}", Errc::revision_not_found},
      {"401 Unauthorized", "", "{}", Errc::repo_not_found},
      {"403 Forbidden", "X-Error-Code: GatedRepo\r\n", "{}", Errc::gated},
      {"200 OK", "Content-Type: text/html\r\n", "<html>Sign in</html>", Errc::upstream_failed},
      {"200 OK", "", "{\"id\":", Errc::upstream_failed},
      {"404 Not Found", "Content-Type: text/html\r\n", "<html>", Errc::upstream_failed},
      {"204 No Content", "", "", Errc::upstream_failed},
      {"302 Found", "", "", Errc::upstream_failed},
      {"400 Bad Request", "", "{}", Errc::upstream_failed},
      {"410 Gone", "", "{}", Errc::upstream_failed},
  }));
  CAPTURE(row.status, row.headers);
  Hub hub(always(row.status, row.headers, row.body));
  CHECK(failed(hub.revision(), row.code));
  CHECK(hub.calls() == 1);  // nothing that another try would change
}

TEST_CASE("hub client: what may pass is tried again", "[daemon][upstream]") {
  std::atomic<int> left{2};
  std::string fault;
  SECTION("500") { fault = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"; }
  SECTION("a cut reply") { fault = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"; }
  SECTION("nothing") { fault = ""; }
  Hub hub([&](ScriptPeer& peer, const ScriptRequest&) {
    if (left-- > 0) {
      peer.send(fault);
      return;
    }
    // Else curl itself would call once more, on a connection that was good before.
    peer.reply("200 OK", "Connection: close\r\n", revision_json("acme/tiny"));
  });
  CHECK(hub.revision());
  CHECK(hub.calls() == 3);
  left = 100;
  CHECK(failed(hub.revision(), Errc::upstream_failed));
  CHECK(hub.calls() == 7);  // once and three times more
  auto call = Hub::soon();
  call.once = true;
  CHECK_FALSE(hub.client->revision(hub.repo, "main", "", call));
  CHECK(hub.calls() == 8);
}

TEST_CASE("hub client: an upstream that is down is not called", "[daemon][upstream]") {
  Hub hub(always("500 Oops", "", ""));
  CHECK(failed(hub.revision(), Errc::upstream_failed));
  CHECK(failed(hub.revision(), Errc::upstream_failed));
  CHECK(hub.calls() == 5);
  CHECK(failed(hub.revision(), Errc::upstream_failed));
  CHECK(hub.calls() == 5);
  hub.clock.advance(30s);
  CHECK_FALSE(hub.revision());
  CHECK(hub.calls() == 6);  // the probe
}

TEST_CASE("hub client: too many requests", "[daemon][upstream]") {
  Hub hub(always("429 Too Many", "Retry-After: 100\r\n", ""));
  const auto start = std::chrono::steady_clock::now();
  CHECK(failed(hub.revision(), Errc::too_many_requests));
  CHECK(failed(hub.revision(), Errc::too_many_requests));
  CHECK(hub.calls() == 1);
  CHECK(std::chrono::steady_clock::now() - start < 5s);
}

TEST_CASE("hub client: the caller's deadline", "[daemon][upstream]") {
  Hub hub([](ScriptPeer& peer, const ScriptRequest&) { peer.pause(10s); });
  const auto start = std::chrono::steady_clock::now();
  CHECK(failed(hub.client->revision(hub.repo, "main", "", Hub::soon(200ms)),
               Errc::deadline_exceeded));
  CHECK(std::chrono::steady_clock::now() - start < 5s);
  CHECK(hub.governor->snapshot().failures == 0);  // so little time proves nothing
  CHECK(failed(hub.client->revision(hub.repo, "main", "", Hub::soon(2500ms)),
               Errc::deadline_exceeded));
  CHECK(hub.governor->snapshot().failures > 0);
}

TEST_CASE("hub client: a tree of many pages", "[daemon][upstream]") {
  std::string origin;
  Hub hub(
      [&](ScriptPeer& peer, const ScriptRequest& request) {
        const auto link = [&](const std::string& to) {
          return "Link: <" + to + ">; rel=\"next\"\r\n";
        };
        const auto here = "/hub" + request.target.substr(4, request.target.find('?') - 4);
        if (request.target.ends_with("cursor=2")) return peer.reply("200 OK", "", tree_json(20, 5));
        if (request.target.ends_with("cursor=1"))
          return peer.reply("200 OK", link(here + "?cursor=2"), tree_json(10, 10));
        peer.reply("200 OK", link(origin + here + "?cursor=1"), tree_json(0, 10));
      },
      "/hub");
  origin = hub.server.origin();
  const auto tree = hub.client->tree(hub.repo, hub.commit, Hub::soon());
  REQUIRE(tree);
  REQUIRE(tree->size() == 25);
  CHECK((*tree)[24].path == "f24");
  CHECK(hub.server.requests()[0].target ==
        "/hub/api/models/acme/tiny/tree/" + sha + "?recursive=true&expand=false");
}

TEST_CASE("hub client: the repos of a namespace", "[daemon][upstream]") {
  std::string origin;
  Hub hub([&](ScriptPeer& peer, const ScriptRequest& request) {
    if (request.target.find("author=none") != std::string::npos)
      return peer.reply("404 Not Found", "", "{}");
    if (request.target.ends_with("cursor=1"))
      return peer.reply("200 OK", "", R"([{"id":"Acme/b"},{"id":"eve/c"},{"id":"acme/.."}])");
    peer.reply("200 OK", "Link: <" + origin + "/api/models?cursor=1>; rel=\"next\"\r\n",
               R"([{"id":"acme/a"},{"id":"gpt2"}])");
  });
  origin = hub.server.origin();
  const auto repos = hub.client->repos_of(RepoType::model, "acme", Hub::soon());
  REQUIRE(repos);
  REQUIRE(repos->size() == 2);
  CHECK((*repos)[0].full_name() == "acme/a");
  CHECK((*repos)[1].full_name() == "Acme/b");
  CHECK(hub.server.requests()[0].target == "/api/models?author=acme&limit=500");
  CHECK(hub.client->repos_of(RepoType::model, "none", Hub::soon())->empty());
  Hub odd(always("200 OK", "", R"({"id":"acme/a"})"));
  CHECK(failed(odd.client->repos_of(RepoType::model, "acme", Hub::soon()), Errc::upstream_failed));
}

TEST_CASE("hub client: pages that lead astray", "[daemon][upstream]") {
  const auto link = GENERATE(as<std::string>{}, "http://127.0.0.1:1/hub/api/x?cursor=1",
                             "https://127.0.0.1/hub/api/x", "/elsewhere?cursor=1", "file:///x", "",
                             "?recursive=true&expand=false", "//evil.example/hub/api");
  CAPTURE(link);
  Hub hub(always("200 OK", "Link: <" + link + ">; rel=\"next\"\r\n", tree_json(0, 2)), "/hub");
  CHECK(failed(hub.client->tree(hub.repo, hub.commit, Hub::soon()), Errc::upstream_failed));
  CHECK(hub.calls() == 1);
}

TEST_CASE("hub client: pages without end", "[daemon][upstream]") {
  std::atomic<int> page{0};
  Hub hub([&](ScriptPeer& peer, const ScriptRequest&) {
    const auto next = std::to_string(++page);
    peer.reply("200 OK", "Link: </api/x?cursor=" + next + ">; rel=\"next\"\r\n",
               page < 5 ? tree_json(page * 10, 10) : "[]");
  });
  CHECK(failed(hub.client->tree(hub.repo, hub.commit, Hub::soon()), Errc::upstream_failed));
  CHECK(hub.calls() == 5);
}

TEST_CASE("hub client: refs and commits", "[daemon][upstream]") {
  Hub hub([](ScriptPeer& peer, const ScriptRequest& request) {
    if (request.target.find("/refs?") != std::string::npos)
      return peer.reply("200 OK", "",
                        R"({"branches":[{"name":"main","ref":"refs/heads/main","targetCommit":")" +
                            sha + R"("}],"tags":[],"converts":[]})");
    peer.reply("200 OK", "", R"([{"id":")" + sha + R"(","title":"t","authors":[]}])");
  });
  const auto refs = hub.client->refs(hub.repo, true, Hub::soon());
  REQUIRE(refs);
  CHECK(refs->branches.at(0).commit == hub.commit);
  const auto commits = hub.client->commits(hub.repo, "refs/pr/1", Hub::soon());
  REQUIRE(commits);
  CHECK(commits->at(0).title == "t");
  CHECK(hub.server.requests()[0].target == "/api/models/acme/tiny/refs?include_prs=1");
  CHECK(hub.server.requests()[1].target == "/api/models/acme/tiny/commits/refs%2Fpr%2F1");
}

TEST_CASE("hub client: URLs and credentials", "[daemon][upstream]") {
  Hub hub(always("200 OK", "", ""), "/hub");
  const auto base = hub.server.origin() + "/hub";
  const auto data = *RepoId::make(RepoType::dataset, "acme", "data");
  CHECK(hub.client->base_url() == base);
  CHECK(hub.client->file_url(hub.repo, hub.commit, "a dir/e?x%.txt") ==
        base + "/acme/tiny/resolve/" + sha + "/a%20dir/e%3Fx%25.txt");
  CHECK(hub.client->git_url(data) == base + "/datasets/acme/data");
  CHECK(hub.client->authorization() == "Bearer hf_secret");
  CHECK(hub.client->git_authorization() == "Basic aHViOmhmX3NlY3JldA==");
  const auto request = hub.client->file_request(data, hub.commit, "a", http::ByteRange{3, 9});
  CHECK(request.url == base + "/datasets/acme/data/resolve/" + sha + "/a");
  CHECK(request.headers.get("Authorization") == "Bearer hf_secret");
  CHECK(request.range == http::ByteRange{3, 9});
  for (const auto* url : {"hub.example", "ftp://hub.example", "https://hub.example/?a=b",
                          "https://hub.example/#x", "https://u:p@hub.example", ""}) {
    CAPTURE(url);
    HubClient::Options options;
    options.base_url = url;
    CHECK_FALSE(HubClient::make(std::move(options), *hub.http, hub.governor));
  }
}
