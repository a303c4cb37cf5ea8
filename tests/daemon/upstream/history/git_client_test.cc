#include "daemon/upstream/history/git_client.h"

#include <catch2/catch.hpp>

#include "protocol/git/client/fetch_reply.h"
#include "tests/daemon/upstream/history/follower.h"

using namespace waag;
using namespace waag::daemon;
using namespace waag::daemon::testing;

namespace {

/// The pack within a reply of git-upload-pack, and a reply with a pack.
std::string pack_of(std::string_view reply) {
  std::string pack;
  git::FetchReply reader([&](ByteView bytes) {
    pack += as_text(bytes);
    return ok();
  });
  // On the server's thread, where nothing may be REQUIREd.
  if (!reader.feed(as_bytes(reply)) || !reader.finish()) throw std::runtime_error("no reply");
  return pack;
}
std::string reply_of(std::string_view pack) {
  std::string reply = "0008NAK\n";
  git::append_side_band(reply, git::SideBand::pack, pack);
  return reply + "0000";
}

}  // namespace

TEST_CASE("git_client: a whole history with its ids", "[daemon][upstream]") {
  Follower hub;
  hub.up.piece_bytes = GENERATE(7u, 1000u, 16u * 1024);
  fill(hub.up);
  hub.authorization = "Bearer secret";
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
  CHECK(files.at("side") == "side\n");
  const auto& asked = hub.up.join();
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].url == std::string(GitServer::url) + "/info/refs?service=git-upload-pack");
  CHECK(asked[1].url == std::string(GitServer::url) + "/git-upload-pack");
  CHECK(asked[1].method == "POST");
  for (const auto& call : asked) CHECK(call.headers.get("Authorization") == "Bearer secret");
  const auto again = hub.must_fetch();
  CHECK(again.moves == 0);
  CHECK(hub.up.join().size() == 3);  // no pack was asked for
}

TEST_CASE("git_client: what is new since", "[daemon][upstream]") {
  Follower hub;
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

TEST_CASE("git_client: thin packs are asked for", "[daemon][upstream]") {
  Follower hub;
  fill(hub.up);
  hub.must_fetch();
  hub.request.haves = {hub.head(hub.uid)};
  hub.up.work("echo 5003 >> numbers.txt; git commit -qam third");
  hub.up.publish();
  CHECK(hub.must_fetch().pack_bytes < 2000);  // numbers.txt has 24,000
  const auto body = hub.up.join().back().body;
  CHECK(body.find("side-band-64k ofs-delta thin-pack\n") != std::string::npos);
  CHECK(git::parse_fetch_v0(body)->haves == hub.request.haves);
  hub.check_equal();
}

TEST_CASE("git_client: only the refs that are followed", "[daemon][upstream]") {
  Follower hub;
  fill(hub.up);
  hub.up.sh("git --git-dir=up.git update-ref refs/notes/x main");
  hub.request.selected = [](std::string_view name) { return !name.starts_with("refs/pr/"); };
  const auto history = hub.must_fetch();
  CHECK(history.refs.size() == 7 - 1);
  CHECK_FALSE(*hub.store->find_ref(hub.uid, "refs/pr/1"));
  CHECK_FALSE(*hub.store->find_ref(hub.uid, "refs/notes/x"));
  CHECK(*hub.store->find_ref(hub.uid, "refs/convert/parquet"));
}

TEST_CASE("git_client: an empty repository", "[daemon][upstream]") {
  Follower hub;
  const auto before = hub.refs();
  const auto history = hub.must_fetch();
  CHECK(history.refs.empty());
  CHECK(history.moves == 0);
  CHECK(hub.refs() == before);  // our first commit stays
}

TEST_CASE("git_client: submodules and LFS pointers", "[daemon][upstream]") {
  Follower hub;
  const auto oid = hub.ingest("weights");
  hub.up.work("git update-index --add --cacheinfo 160000," + std::string(40, 'c') +
              ",module; "
              "printf 'version https://git-lfs.github.com/spec/v1\\noid sha256:" +
              oid.hex() + "\\nsize 7\\n' > model.bin; git add model.bin; git commit -qm both");
  hub.up.publish();
  hub.must_fetch();
  // An upstream that names a file has not shown that it has it.
  CHECK_FALSE(*hub.store->repo_has_blob(hub.uid, oid));
  REQUIRE(hub.store->rows().apply(storage::Mirrors::proof(hub.uid, oid)));
  hub.check_equal();
  const auto snapshot = hub.snapshot(hub.uid, hub.head(hub.uid));
  CHECK(snapshot->stat("module")->oid.hex() == std::string(40, 'c'));
  CHECK(hub.read(*snapshot->stat("model.bin")) == "weights");
}

TEST_CASE("git_client: one bad pull request does not stop the others", "[daemon][upstream]") {
  Follower hub;
  fill(hub.up);
  hub.up.work(
      "git checkout -q -b bad; ln -s /etc/passwd abs; git add .; git commit -qm bad; "
      "git update-ref refs/pr/2 bad; git checkout -q main; git branch -qD bad");
  hub.up.publish();
  const auto history = hub.fetch();
  REQUIRE(history);
  REQUIRE(history->refused.size() == 1);
  CHECK(history->refused[0].name == "refs/pr/2");
  CHECK(history->refused[0].reason.find("abs") != std::string::npos);
  hub.up.sh("git --git-dir=up.git update-ref -d refs/pr/2");
  hub.check_equal();
}

TEST_CASE("git_client: an upstream that lies", "[daemon][upstream]") {
  Follower hub;
  fill(hub.up);
  const auto missing = std::string(40, 'b');
  const auto bend_pack = [&hub](const std::function<void(std::string&)>& bend) {
    hub.up.bend_reply = [bend](std::string& body) {
      auto pack = pack_of(body);
      bend(pack);
      body = reply_of(pack);
    };
  };
  SECTION("a reply that is cut") {
    hub.up.bend_reply = [](std::string& body) { body.resize(body.size() / 2); };
  }
  SECTION("a pack that is cut") {
    bend_pack([](std::string& pack) { pack.resize(pack.size() / 2); });
  }
  SECTION("a pack without its checksum") {
    bend_pack([](std::string& pack) { pack.resize(pack.size() - 20); });
  }
  SECTION("no pack") {
    bend_pack([](std::string& pack) { pack.clear(); });
  }
  SECTION("a wrong checksum") {
    bend_pack([](std::string& pack) { pack.back() ^= 1; });
  }
  SECTION("damaged bytes") {
    bend_pack([](std::string& pack) { pack[pack.size() / 2] ^= 0x10; });
  }
  SECTION("more than the pack") {
    bend_pack([](std::string& pack) { pack += "x"; });
  }
  SECTION("an error in its band") {
    hub.up.bend_reply = [](std::string& body) {
      body =
          "0008NAK\n000b\x03"
          "upset!";
    };
  }
  SECTION("a ref that is not in the pack") {
    hub.up.bend_refs = [&](std::string& body) {
      body.replace(body.find(" refs/pr/1") - 40, 40, missing);
    };
    // Nor does it say so: it sends what it has.
    hub.up.bend_reply = [&hub](std::string& body) {
      const auto tip = hub.up.work("git rev-parse main").substr(0, 40);
      body = reply_of(hub.up.work("echo " + tip + " | git pack-objects -q --revs --stdout"));
    };
  }
  SECTION("a pack without a file") {
    hub.up.bend_reply = [&hub](std::string& body) {
      body =
          reply_of(hub.up.work("git rev-list --objects --all --no-object-names | grep -v "
                               "$(git rev-parse main:d/e/f) | git pack-objects -q --stdout"));
    };
  }
  SECTION("refs in a bad form") {
    hub.up.bend_refs = [](std::string& body) { body.insert(body.size() - 4, "0001"); };
  }
  SECTION("the connection is lost") {
    hub.up.outcome = fail(Errc::upstream_failed, "connection lost");
    hub.up.bend_reply = [](std::string& body) { body.resize(body.size() - 4); };
  }
  CHECK(hub.must_fail().code == Errc::upstream_failed);
  hub.up.bend_reply = nullptr;
  hub.up.bend_refs = nullptr;
  hub.up.outcome = ok();
  hub.must_fetch();
  hub.check_equal();
}

TEST_CASE("git_client: answers without a history", "[daemon][upstream]") {
  Follower hub;
  fill(hub.up);
  const auto [status, code] = GENERATE(table<unsigned, Errc>({{401, Errc::unauthenticated},
                                                              {403, Errc::forbidden},
                                                              {404, Errc::repo_not_found},
                                                              {429, Errc::too_many_requests},
                                                              {302, Errc::upstream_failed},
                                                              {500, Errc::upstream_failed}}));
  hub.up.refs_status = status;
  CHECK(hub.must_fail().code == code);
  hub.up.refs_status = 200;
  hub.up.pack_status = status;
  CHECK(hub.must_fail().code == code);
}

TEST_CASE("git_client: a renamed repository", "[daemon][upstream]") {
  Follower hub;
  fill(hub.up);
  SECTION("at the same host") {
    hub.up.moved_to = "http://up.test/acme/new/info/refs?service=git-upload-pack";
    hub.must_fetch();
    CHECK(hub.up.join().back().url == "http://up.test/acme/new/git-upload-pack");
  }
  SECTION("at another one, which is not given our credentials") {
    hub.up.moved_to = "http://up.test.evil/acme/new/info/refs?service=git-upload-pack";
    CHECK(hub.must_fail().code == Errc::upstream_failed);
    CHECK(hub.up.join().size() == 1);
  }
}

TEST_CASE("git_client: over a real connection", "[daemon][upstream]") {
  Follower hub;
  fill(hub.up);
  // More than the smaller queue holds.
  GitSource::Options with;
  with.queue_bytes = GENERATE(BodyQueue::bytes_full, std::size_t{1'000});
  hub.up.work("openssl rand 2000000 > large; git add large; git commit -qm large");
  hub.up.publish();
  waag::testing::ScriptServer server([&](waag::testing::ScriptPeer& peer, const auto& asked) {
    const bool refs = asked.target == "/acme/repo/info/refs?service=git-upload-pack";
    const std::string kind = refs ? "advertisement" : "result";
    if (!refs && (asked.method != "POST" || asked.target != "/acme/repo/git-upload-pack")) return;
    peer.reply("200 OK", "Content-Type: application/x-git-upload-pack-" + kind + "\r\n",
               refs ? hub.up.refs_body() : hub.up.pack_body(asked.body));
    peer.keep_open();
  });
  auto client = HttpClient::start(waag::daemon::testing::options_for({server.origin()}));
  REQUIRE(client);
  with.url = server.origin() + "/acme/repo";
  hub.request.until.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  auto push = hub.store->git_push(hub.options);
  REQUIRE(push);
  GitSource source(**client, with);
  const auto history = fetch_history(source, **push, hub.request);
  if (!history) FAIL(history.error().what);
  CHECK(history->pack_bytes > 2'000'000);
  hub.check_equal();
}

TEST_CASE("git_client: packs keep to a throttle", "[daemon][upstream]") {
  Follower hub;
  fill(hub.up);
  const auto throttle = std::make_shared<Throttle>();
  hub.request.until.throttle = throttle;
  hub.must_fetch();
  const auto& asked = hub.up.join().back();
  CHECK(asked.url.ends_with("/git-upload-pack"));
  CHECK(asked.throttle == throttle);
}

TEST_CASE("git_client: it ends when it is told to", "[daemon][upstream]") {
  Follower hub;
  fill(hub.up);
  hub.up.hangs = true;
  std::stop_source stop;
  hub.request.until.stop = stop.get_token();
  std::thread stopper;
  SECTION("in the middle") {
    stopper = std::thread([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      stop.request_stop();
    });
  }
  SECTION("before") { stop.request_stop(); }
  const auto start = std::chrono::steady_clock::now();
  CHECK(hub.must_fail().code == Errc::unavailable);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
  if (stopper.joinable()) stopper.join();
}

TEST_CASE("git_client: it ends at its deadline", "[daemon][upstream]") {
  Follower hub;
  fill(hub.up);
  hub.up.hangs = true;
  const auto before = hub.refs();
  CHECK(failed(hub.fetch_in(std::chrono::milliseconds(300)), Errc::deadline_exceeded));
  CHECK(hub.refs() == before);
  CHECK(failed(hub.fetch_in(std::chrono::milliseconds(0)), Errc::deadline_exceeded));
}
