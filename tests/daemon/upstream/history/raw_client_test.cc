#include "daemon/upstream/history/raw_client.h"

#include <catch2/catch.hpp>

#include "tests/daemon/upstream/history/follower.h"

using namespace waag;
using namespace waag::daemon;
using namespace waag::daemon::testing;

namespace {

const std::string raw_url = "http://up.test/api/waag/v1/repos/models/acme/repo/git";

/// A repo here that follows one of a hub of our kind.
struct RawFollower : Follower {
  RawSource::Offer offer{RawSource::Offer::open};

  RawFollower() { up.raw_refs_status = 200; }

  std::unique_ptr<HistorySource> source() override {
    struct Watched final : HistorySource {
      explicit Watched(RawFollower& of)
          : follower(of), road(*of.client, {RepoType::model, "acme", "repo"}) {}
      Result<git::RefAdvertisement> refs(const Until& until) override {
        auto refs = road.refs(until);
        follower.offer = road.offer();
        return refs;
      }
      Status pack(const std::vector<GitId>& wants, const std::vector<CommitId>& haves,
                  const Until& until, const Take& take) override {
        return road.pack(wants, haves, until, take);
      }
      RawFollower& follower;
      RawSource road;
    };
    return std::make_unique<Watched>(*this);
  }
};

/// An upstream that is bent, then is not.
struct LiedTo : RawFollower {
  LiedTo() { fill(up); }

  void check_refused_then_taken() {
    CHECK(must_fail().code == Errc::upstream_failed);
    CHECK(offer == RawSource::Offer::open);
    up.bend_reply = nullptr;
    up.bend_refs = nullptr;
    up.bend_objects = nullptr;
    up.raw_type = git::raw_type;
    up.pack_status = 200;
    up.outcome = ok();
    must_fetch();
    check_equal();
  }
};

}  // namespace

TEST_CASE("raw_client: a whole history with its ids", "[daemon][upstream]") {
  RawFollower hub;
  hub.up.piece_bytes = GENERATE(7u, 1000u, 16u * 1024);
  fill(hub.up);
  const auto history = hub.must_fetch();
  CHECK(history.head == main_ref);
  CHECK(history.moves == history.refs.size());
  CHECK(history.pack_bytes > 0);
  hub.check_equal();
  const auto tag = std::ranges::find(history.refs, "refs/tags/v1-again", &git::AdvertisedRef::name);
  REQUIRE(tag != history.refs.end());
  CHECK(tag->peeled == id_of(hub.up.work("git rev-parse v1^{commit}")));
  const auto files = hub.files_of(hub.uid, hub.head(hub.uid));
  CHECK(files.at("numbers.txt") == hub.up.work("cat numbers.txt"));
  const auto& asked = hub.up.join();
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].url == raw_url + "/refs");
  CHECK(asked[1].url == raw_url + "/objects");
  CHECK(asked[1].method == "POST");
  CHECK_FALSE(asked[1].follow);
  for (const auto& call : asked) CHECK(call.headers.get("Authorization") == "Bearer secret");
  // Both were counted, with their bytes.
  const auto seen = hub.governor->snapshot();
  CHECK(seen.calls == 2);
  CHECK(seen.failures == 0);
  CHECK(seen.bytes > 1000);
  CHECK(hub.must_fetch().moves == 0);
  CHECK(hub.up.join().size() == 3);  // no object was asked for
}

TEST_CASE("raw_client: what is new since", "[daemon][upstream]") {
  RawFollower hub;
  fill(hub.up);
  const auto first = hub.must_fetch();
  for (const auto& ref : first.refs) hub.request.haves.push_back(CommitId{ref.id.bytes});
  SECTION("commits") {
    hub.up.work("echo 5002 >> numbers.txt; git commit -qam third; git tag -a v2 -m two");
  }
  SECTION("a forced push, and a branch less") {
    hub.up.work("git commit -q --amend -m 'other'; git branch -qD side; git tag -d light v1");
  }
  SECTION("a branch that becomes a folder") {
    hub.up.work("git branch -qm side side/one; git update-ref -d refs/convert/parquet");
  }
  SECTION("a history without a common commit") {
    hub.up.work("git checkout -q --orphan new; git commit -qm new; git branch -qM main");
  }
  SECTION("haves that nobody has") {
    hub.request.haves.insert(hub.request.haves.begin(), CommitId{{std::byte{1}}});
    hub.up.work("git commit -q --allow-empty -m empty");
  }
  hub.up.publish();
  const auto second = hub.must_fetch();
  CHECK(second.pack_bytes < first.pack_bytes);
  hub.check_equal();
}

TEST_CASE("raw_client: only what is lacking is asked for", "[daemon][upstream]") {
  RawFollower hub;
  fill(hub.up);
  hub.must_fetch();
  hub.request.haves = {hub.head(hub.uid)};
  const auto before = hub.governor->snapshot().bytes;
  hub.up.work("echo note > note; git add .; git commit -qm third");
  hub.up.publish();
  hub.must_fetch();
  hub.check_equal();
  const auto tip = hub.up.work("git rev-parse main").substr(0, 40);
  CHECK(hub.up.join().back().body ==
        R"({"want":[")" + tip + R"("],"have":[")" + hub.request.haves[0].hex() + R"("]})");
  CHECK(hub.governor->snapshot().bytes - before < 1'500);
}

TEST_CASE("raw_client: objects keep to a throttle", "[daemon][upstream]") {
  RawFollower hub;
  fill(hub.up);
  const auto throttle = std::make_shared<Throttle>();
  hub.request.until.throttle = throttle;
  hub.must_fetch();
  const auto& asked = hub.up.join().back();
  CHECK(asked.url.ends_with("/git/objects"));
  CHECK(asked.throttle == throttle);
}

TEST_CASE("raw_client: an empty repository", "[daemon][upstream]") {
  RawFollower hub;
  const auto before = hub.refs();
  CHECK(hub.must_fetch().moves == 0);
  CHECK(hub.refs() == before);
}

TEST_CASE("raw_client: one bad pull request does not stop the others", "[daemon][upstream]") {
  RawFollower hub;
  fill(hub.up);
  hub.up.work(
      "git checkout -q -b bad; ln -s /etc/passwd abs; git add .; git commit -qm bad; "
      "git update-ref refs/pr/2 bad; git checkout -q main; git branch -qD bad");
  hub.up.publish();
  const auto history = hub.fetch();
  REQUIRE(history);
  REQUIRE(history->refused.size() == 1);
  CHECK(history->refused[0].name == "refs/pr/2");
  hub.up.sh("git --git-dir=up.git update-ref -d refs/pr/2");
  hub.check_equal();
}

TEST_CASE("raw_client: a tree that no git makes", "[daemon][upstream]") {
  RawFollower hub;
  fill(hub.up);
  const auto made = [](git::ObjectKind kind, std::string body) {
    const auto id = git::object_id(kind, as_bytes(body));
    return GitServer::Object{{kind, id, body.size()}, std::move(body)};
  };
  const auto file = made(git::ObjectKind::blob, "x");
  const auto mode = GENERATE(as<std::string>{}, "100111", "100644");
  const auto tree =
      made(git::ObjectKind::tree, mode + " x" + '\0' + std::string(as_text(file.head.id.view())));
  const auto commit = made(
      git::ObjectKind::commit,
      "tree " + tree.head.id.hex() + "\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nx\n");
  hub.up.bend_refs = [&](std::string& body) {
    body.replace(body.find(" refs/pr/1") - 40, 40, commit.head.id.hex());
  };
  hub.up.bend_objects = [&](std::vector<GitServer::Object>& objects) {
    objects.insert(objects.end(), {file, tree, commit});
  };
  const auto history = hub.fetch();
  REQUIRE(history);
  // The others came; with a mode that git knows this one does too.
  CHECK(history->refused.size() == (mode == "100644" ? 0 : 1));
  CHECK(hub.store->find_ref(hub.uid, "refs/pr/1")->has_value() == (mode == "100644"));
  CHECK(hub.store->find_ref(hub.uid, "refs/tags/v1")->has_value());
  hub.check_store();
}

TEST_CASE("raw_client: objects that lie", "[daemon][upstream]") {
  LiedTo hub;
  using Objects = std::vector<GitServer::Object>;
  const auto blob = [](Objects& objects) -> GitServer::Object& {
    return *std::ranges::find_if(objects, [](const auto& object) {
      return object.head.kind == git::ObjectKind::blob && object.body.size() > 10;
    });
  };
  SECTION("other bytes") {
    hub.up.bend_objects = [&](Objects& objects) { blob(objects).body[3] ^= 1; };
  }
  SECTION("another kind") {
    hub.up.bend_objects = [&](Objects& objects) {
      blob(objects).head.kind = git::ObjectKind::tree;
    };
  }
  SECTION("shorter than said") {
    hub.up.bend_objects = [&](Objects& objects) { blob(objects).body.pop_back(); };
  }
  SECTION("longer than said") {
    hub.up.bend_objects = [&](Objects& objects) { blob(objects).body += "x"; };
  }
  SECTION("larger than any tree") {
    hub.up.bend_objects = [&](Objects& objects) {
      blob(objects).head = {git::ObjectKind::tree, {}, 1ull << 60};
    };
  }
  SECTION("right by itself, in the place of another") {
    hub.up.bend_objects = [&](Objects& objects) {
      auto& object = blob(objects);
      object.body = "something else";
      object.head.size_bytes = object.body.size();
      object.head.id = git::blob_id(as_bytes(object.body));
    };
  }
  SECTION("a file is missing") {
    hub.up.bend_objects = [&](Objects& objects) {
      objects.erase(objects.begin() + (&blob(objects) - objects.data()));
    };
  }
  SECTION("a commit is missing") {
    hub.up.bend_objects = [](Objects& objects) { objects.erase(objects.begin() + 1); };
  }
  SECTION("all are missing") {
    hub.up.bend_objects = [](Objects& objects) { objects.clear(); };
  }
  SECTION("a ref leads to none of them") {
    hub.up.bend_refs = [](std::string& body) {
      body.replace(body.find(" refs/pr/1") - 40, 40, std::string(40, 'b'));
    };
  }
  hub.check_refused_then_taken();
}

TEST_CASE("raw_client: replies that are none", "[daemon][upstream]") {
  LiedTo hub;
  SECTION("cut") {
    hub.up.bend_reply = [](std::string& body) { body.resize(body.size() / 2); };
  }
  SECTION("without the last byte") {
    hub.up.bend_reply = [](std::string& body) { body.pop_back(); };
  }
  SECTION("with one more") {
    hub.up.bend_reply = [](std::string& body) { body += "x"; };
  }
  SECTION("damaged") {
    hub.up.bend_reply = [](std::string& body) { body[body.size() / 2] ^= 0x10; };
  }
  SECTION("empty") {
    hub.up.bend_reply = [](std::string& body) { body.clear(); };
  }
  SECTION("more objects than a history may have") {
    hub.up.bend_reply = [](std::string& body) {
      git::RawWriter writer;
      body.clear();
      writer.begin(0xffffffff, body);
      writer.end(body);
    };
  }
  SECTION("a web page") { hub.up.raw_type = "text/html"; }
  SECTION("a failure") { hub.up.pack_status = GENERATE(401u, 404u, 500u); }
  SECTION("the connection is lost") {
    hub.up.outcome = fail(Errc::upstream_failed, "connection lost");
    hub.up.bend_reply = [](std::string& body) { body.resize(body.size() - 4); };
  }
  SECTION("refs in a bad form") {
    hub.up.bend_refs = [](std::string& body) { body.insert(body.size() - 4, "0001"); };
  }
  hub.check_refused_then_taken();
}

TEST_CASE("raw_client: few bytes that become very many end at the deadline", "[daemon][upstream]") {
  RawFollower hub;
  fill(hub.up);
  hub.up.bend_reply = [](std::string& body) {
    git::RawWriter writer;
    body.clear();
    writer.begin(1, body);
    writer.head({git::ObjectKind::blob, {}, 1ull << 50}, body);
    const std::string zeros(16u << 20, '\0');
    for (int i = 0; i < 64; ++i) writer.body(as_bytes(zeros), body);
  };
  const auto begun = std::chrono::steady_clock::now();
  CHECK(failed(hub.fetch_in(std::chrono::milliseconds(400)), Errc::deadline_exceeded));
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(10));
}

TEST_CASE("raw_client: whether the upstream has the route", "[daemon][upstream]") {
  using Offer = RawSource::Offer;
  struct Case {
    unsigned status;
    std::string header, value;
    Offer offer;
    Errc code;
  };
  const auto row = GENERATE(values<Case>({
      {404, "Content-Type", "text/html", Offer::unknown, Errc::upstream_failed},
      {404, "", "", Offer::unknown, Errc::repo_not_found},
      {405, "", "", Offer::unknown, Errc::upstream_failed},
      {204, "", "", Offer::unknown, Errc::upstream_failed},
      {302, "", "", Offer::unknown, Errc::upstream_failed},
      {404, "X-Error-Code", "RepoNotFound", Offer::refused, Errc::repo_not_found},
      {401, "X-Error-Code", "RepoNotFound", Offer::refused, Errc::repo_not_found},
      {403, "X-Error-Code", "GatedRepo", Offer::refused, Errc::gated},
      {429, "", "", Offer::open, Errc::too_many_requests},
      {500, "", "", Offer::open, Errc::upstream_failed},
      {502, "", "", Offer::open, Errc::upstream_failed},
  }));
  CAPTURE(row.status, row.value);
  RawFollower hub;
  fill(hub.up);
  hub.up.raw_refs_status = row.status;
  if (!row.header.empty()) hub.up.raw_refs_headers.set(row.header, row.value);
  CHECK(hub.must_fail().code == row.code);
  CHECK(hub.offer == row.offer);
  CHECK(hub.up.join().size() == 1);
}

TEST_CASE("raw_client: a renamed repository", "[daemon][upstream]") {
  RawFollower hub;
  fill(hub.up);
  SECTION("at another host, which is not given our credentials") {
    hub.up.moved_to = "http://up.test.evil/api/waag/v1/repos/models/acme/new/git/refs";
    CHECK(hub.must_fail().code == Errc::upstream_failed);
    CHECK(hub.up.join().size() == 1);
  }
  SECTION("at the same host: its objects are asked for there") {
    hub.up.moved_to = "http://up.test/api/waag/v1/repos/models/acme/new/git/refs";
    hub.must_fetch();
    CHECK(hub.up.join().back().url ==
          "http://up.test/api/waag/v1/repos/models/acme/new/git/objects");
  }
}

TEST_CASE("raw_client: it ends at its deadline", "[daemon][upstream]") {
  RawFollower hub;
  fill(hub.up);
  hub.up.hangs = true;
  const auto before = hub.refs();
  CHECK(failed(hub.fetch_in(std::chrono::milliseconds(300)), Errc::deadline_exceeded));
  CHECK(hub.refs() == before);
}
