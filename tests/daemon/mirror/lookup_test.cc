#include "daemon/mirror/lookup.h"

#include <future>

#include "protocol/git/fetch_request.h"
#include "storage/meta/accounts/orgs.h"
#include "tests/daemon/mirror/scripted_hub.h"
#include "tests/daemon/upstream/history/git_server.h"

namespace waag::daemon::testing {

namespace {

const std::string weights(3000, 'w');

/// Names of the log's events.
struct Events {
  Lookup::Options with(Lookup::Options options) {
    options.log = [this](std::string_view event, const std::string&, const Status&) {
      const std::scoped_lock lock(mutex);
      seen.emplace_back(event);
    };
    return options;
  }
  std::mutex mutex;
  std::vector<std::string> seen;
};

}  // namespace

TEST_CASE_METHOD(LookupFixture, "lookup: a revision is here with its tree, not its bytes",
                 "[daemon][lookup]") {
  auto repo = tiny();
  repo.files["a/model.bin"] = weights;
  repo.lfs = {"a/model.bin"};
  first.put("acme/tiny", repo);
  begin({&first});
  const auto found = brought("acme/tiny");
  CHECK(found.commit.hex() == commit_1);
  CHECK(found.base_url == first.origin());
  CHECK(found.name == "acme/tiny");
  CHECK(found.repo.mirrored);
  CHECK(found.repo.visibility == storage::Visibility::open);
  CHECK(found.repo.gate == storage::Gate::none);
  CHECK(store->resolve(found.repo.uid, "main")->hex() == commit_1);
  const auto files = snapshot(found.repo.uid, found.commit);
  CHECK(files->commit().message == "Upload weights");
  CHECK(files->commit().author_name == "ann");
  CHECK(files->commit().date.count() == 1793610845000);
  CHECK(files->stat("config.json")->size_bytes == 2);
  CHECK(files->stat("a/model.bin")->lfs->id == sha256(as_bytes(weights)));
  CHECK_FALSE(store->open_git_blob(files->stat("config.json")->oid));
  CHECK(row(found.repo.uid).checked == clock.now());
  CHECK(first.count("/resolve/") + first.count("/raw/") == 0);
}

TEST_CASE_METHOD(LookupFixture, "lookup: a tree that is here is not asked for again",
                 "[daemon][lookup]") {
  auto repo = tiny();
  repo.tags = {"v1"};
  first.put("acme/tiny", repo);
  begin({&first});
  const auto uid = brought("acme/tiny").repo.uid;
  CHECK(brought("acme/tiny").repo.uid == uid);
  CHECK(brought("acme/tiny", "v1").commit.hex() == commit_1);
  CHECK(brought("acme/tiny", commit_1).commit.hex() == commit_1);
  CHECK(first.count("/tree/") == 1);
  CHECK(store->resolve(uid, "v1")->hex() == commit_1);
  const auto refs = store->list_refs(uid);
  REQUIRE(refs);
  std::set<std::string> names;
  for (const auto& ref : *refs) names.insert(ref.name);
  CHECK(names == std::set<std::string>{"refs/heads/main", "refs/tags/v1"});

  repo.commit = commit_2;
  repo.files["more.txt"] = "more";
  first.put("acme/tiny", repo);
  clock.advance(std::chrono::hours(1));
  CHECK(brought("acme/tiny").commit.hex() == commit_2);
  CHECK(store->resolve(uid, "main")->hex() == commit_2);
  CHECK(store->resolve(uid, commit_1));  // what came stays
  CHECK(first.count("/tree/") == 2);
  CHECK(row(uid).checked == clock.now());
}

TEST_CASE_METHOD(LookupFixture, "lookup: an answer that has not changed is not read again",
                 "[daemon][lookup]") {
  auto repo = tiny();
  repo.etag = "\"one\"";
  first.put("acme/tiny", repo);
  begin({&first});
  const auto uid = brought("acme/tiny").repo.uid;
  CHECK(first.conditional() == 0);
  clock.advance(std::chrono::hours(1));
  const auto again = brought("acme/tiny");
  CHECK(first.conditional() == 1);
  CHECK(again.repo.uid == uid);
  CHECK(again.commit.hex() == commit_1);
  CHECK(row(uid).checked == clock.now());
  // Another one is.
  repo.etag = "\"two\"";
  repo.commit = commit_2;
  first.put("acme/tiny", repo);
  CHECK(brought("acme/tiny").commit.hex() == commit_2);
  // Of what is not here any more the answer is asked for whole.
  REQUIRE(store->mirrors().move_ref(uid, "refs/heads/main", std::nullopt));
  const auto conditional = first.conditional();
  CHECK(brought("acme/tiny").commit.hex() == commit_2);
  CHECK(first.conditional() == conditional);
  CHECK(store->resolve(uid, "main")->hex() == commit_2);
}

TEST_CASE_METHOD(LookupFixture, "lookup: what is closed there later is closed here",
                 "[daemon][lookup]") {
  auto repo = tiny();
  first.put("acme/tiny", repo);
  begin({&first});
  const auto uid = brought("acme/tiny").repo.uid;
  repo.more = R"(,"private":true,"gated":"manual")";
  first.put("acme/tiny", repo);
  brought("acme/tiny");
  const auto closed = store->find_repo_by_uid(uid);
  REQUIRE(closed);
  CHECK(closed->visibility == storage::Visibility::closed);
  CHECK(closed->gate == storage::Gate::manual);
  // Not the other way round: who closed it here had a reason.
  first.put("acme/tiny", tiny());
  brought("acme/tiny");
  CHECK(store->find_repo_by_uid(uid)->visibility == storage::Visibility::closed);
}

TEST_CASE_METHOD(LookupFixture, "lookup: another name leads to the repo", "[daemon][lookup]") {
  first.put("old/name", tiny());
  first.put("acme/tiny", tiny());
  begin({&first});
  const auto found = brought("old/name");
  CHECK(found.repo.id.full_name() == "acme/tiny");
  CHECK(found.name == "acme/tiny");
  CHECK_FALSE(store->find_repo(id("old/name")));
  CHECK(store->find_moved_repo(id("old/name"))->uid == found.repo.uid);
}

TEST_CASE_METHOD(LookupFixture, "lookup: a repo that is renamed there keeps its name here",
                 "[daemon][lookup]") {
  first.put("acme/tiny", tiny());
  begin({&first});
  const auto uid = brought("acme/tiny").repo.uid;
  auto renamed = tiny();
  renamed.id = "acme/large";
  renamed.commit = commit_2;
  renamed.files["more.txt"] = "more";
  first.put("acme/tiny", renamed);
  first.put("acme/large", renamed);
  const auto found = brought("acme/tiny");
  CHECK(found.repo.uid == uid);
  CHECK(store->resolve(uid, "main")->hex() == commit_2);
  CHECK(row(uid).name == "acme/large");
  CHECK(store->find_moved_repo(id("acme/large"))->uid == uid);
  // From now on it is asked for by the new name.
  first.remove("acme/tiny");
  CHECK(brought("acme/tiny").repo.uid == uid);
}

TEST_CASE_METHOD(LookupFixture, "lookup: a repo that the upstream has no more",
                 "[daemon][lookup]") {
  Events events;
  first.put("acme/tiny", tiny());
  begin({&first}, events.with(without_git()));
  const auto uid = brought("acme/tiny").repo.uid;
  first.remove("acme/tiny");
  clock.advance(std::chrono::minutes(1));
  const auto since = clock.now();
  CHECK(failed(bring("acme/tiny"), Errc::repo_not_found));
  clock.advance(std::chrono::minutes(1));
  CHECK(failed(bring("acme/tiny"), Errc::repo_not_found));
  CHECK(row(uid).gone == since);
  CHECK(events.seen == std::vector<std::string>{"mirror_gone"});
  CHECK(store->resolve(uid, "main")->hex() == commit_1);
  first.put("acme/tiny", tiny());
  brought("acme/tiny");
  CHECK(row(uid).gone == storage::TimeMs{});
}

TEST_CASE_METHOD(LookupFixture, "lookup: what is closed there is closed here", "[daemon][lookup]") {
  using storage::Gate;
  using storage::Visibility;
  const auto check = [&](const std::string& more, Visibility visibility, Gate gate) {
    CAPTURE(more);
    auto repo = tiny();
    repo.more = more;
    first.put("acme/tiny", repo);
    begin({&first});
    const auto found = brought("acme/tiny");
    CHECK(found.repo.visibility == visibility);
    CHECK(found.repo.gate == gate);
  };
  SECTION("private") { check(R"(,"private":true)", Visibility::closed, Gate::none); }
  SECTION("gated, automatic") { check(R"(,"gated":"auto")", Visibility::open, Gate::automatic); }
  SECTION("gated, by hand") { check(R"(,"gated":"manual")", Visibility::open, Gate::manual); }
}

TEST_CASE_METHOD(LookupFixture, "lookup: the upstream's refusals", "[daemon][lookup]") {
  struct Case {
    std::string status, headers;
    Errc code;
  };
  const auto row = GENERATE(values<Case>({
      {"403 Forbidden", "X-Error-Code: GatedRepo\r\n", Errc::gated},
      {"404 Not Found", "X-Error-Code: RevisionNotFound\r\n", Errc::revision_not_found},
      {"401 Unauthorized", "", Errc::repo_not_found},
      {"500 Oops", "", Errc::upstream_failed},
      {"429 Too Many", "", Errc::too_many_requests},
  }));
  CAPTURE(row.status);
  first.put("acme/tiny", tiny());
  first.answer("/revision/", row.status, row.headers);
  begin({&first});
  CHECK(failed(bring("acme/tiny"), row.code));
  CHECK_FALSE(store->find_repo(id("acme/tiny")));
}

TEST_CASE_METHOD(LookupFixture, "lookup: names of our own", "[daemon][lookup]") {
  first.put("acme/tiny", tiny());
  begin({&first});
  SECTION("the repo asked for") {
    make_repo("tiny");
    CHECK(failed(bring("acme/tiny"), Errc::conflict));
    CHECK(first.count() == 0);
  }
  SECTION("the repo that another name leads to") {
    const auto uid = make_repo("tiny");
    first.put("old/name", tiny());
    CHECK(failed(bring("old/name"), Errc::conflict));
    CHECK(store->find_repo(id("acme/tiny"))->uid == uid);
    CHECK_FALSE(store->resolve(uid, commit_1));
  }
  SECTION("the user whose namespace another name leads into") {
    storage::UserRow user;
    user.name = "acme";
    REQUIRE(store->add_user(user));
    first.put("old/name", tiny());
    CHECK(failed(bring("old/name"), Errc::conflict));
    CHECK_FALSE(store->find_repo(id("acme/tiny")));
  }
}

TEST_CASE_METHOD(LookupFixture, "lookup: another upstream is asked for what the first has not",
                 "[daemon][lookup]") {
  second.put("acme/tiny", tiny());
  SECTION("it says so") {
    begin({&first, &second});
    CHECK(brought("acme/tiny").base_url == second.origin());
    CHECK(first.count() == 1);
    // From now on its own alone is asked.
    first.put("acme/tiny", tiny());
    CHECK(brought("acme/tiny").base_url == second.origin());
    CHECK(first.count() == 1);
    second.remove("acme/tiny");
    CHECK(failed(bring("acme/tiny"), Errc::repo_not_found));
    CHECK(first.count() == 1);
  }
  SECTION("it says anything else") {
    const auto status = GENERATE(as<std::string>{}, "500 Oops", "429 Too Many");
    CAPTURE(status);
    first.answer("", status);
    begin({&first, &second});
    CHECK_FALSE(bring("acme/tiny"));
    CHECK(second.count() == 0);
  }
  SECTION("it has the repo, but no such revision") {
    first.put("acme/tiny", tiny());
    first.answer("/revision/", "404 Not Found", "X-Error-Code: RevisionNotFound\r\n");
    begin({&first, &second});
    CHECK(failed(bring("acme/tiny"), Errc::revision_not_found));
    CHECK(second.count() == 0);
  }
  SECTION("it is not trusted") {
    first.put("acme/tiny", tiny());
    begin({&first, &second}, without_git(), {&first});
    CHECK(brought("acme/tiny").base_url == second.origin());
    CHECK(first.count() == 0);
  }
  SECTION("it is all that is left") {
    begin({&first, &second});
    const auto uid = brought("acme/tiny").repo.uid;
    first.put("acme/tiny", tiny());
    begin({&first});
    CHECK(lookup->hub_of(row(uid)) == nullptr);
    CHECK(failed(bring("acme/tiny"), Errc::upstream_failed));
  }
  SECTION("there is none") {
    begin({});
    CHECK(failed(bring("acme/tiny"), Errc::repo_not_found));
  }
}

TEST_CASE_METHOD(LookupFixture, "lookup: a pointer of an odd spelling is fetched",
                 "[daemon][lookup]") {
  auto repo = tiny();
  repo.files["model.bin"] = weights;
  repo.files["usual.bin"] = weights;
  repo.lfs = {"model.bin", "usual.bin"};
  const auto oid = sha256(as_bytes(weights));
  auto odd = lfs::serialize_pointer({oid, weights.size()});
  odd.pop_back();  // the newline
  repo.pointers["model.bin"] = odd;
  first.put("acme/tiny", repo);
  begin({&first});
  SECTION("and kept as it is") {
    const auto found = brought("acme/tiny");
    CHECK(first.count("/raw/" + commit_1 + "/model.bin") == 1);
    CHECK(first.count("/raw/") == 1);
    const auto entry = snapshot(found.repo.uid, found.commit)->stat("model.bin");
    REQUIRE(entry);
    CHECK(entry->oid == git::blob_id(as_bytes(odd)));
    CHECK(entry->lfs->id == oid);
  }
  SECTION("it is another one's") {
    first.answer("/raw/", "200 OK", "", lfs::serialize_pointer({oid, 7}));
    CHECK(failed(bring("acme/tiny"), Errc::unprocessable));
    CHECK_FALSE(store->find_repo(id("acme/tiny")));
  }
  SECTION("it is not there") {
    first.answer("/raw/", "404 Not Found");
    CHECK(failed(bring("acme/tiny"), Errc::upstream_failed));
  }
}

TEST_CASE_METHOD(LookupFixture, "lookup: trees that contradict", "[daemon][lookup]") {
  begin({&first});
  auto repo = tiny();
  SECTION("themselves") {
    repo.files["config.json/below"] = "a file below a file";
    first.put("acme/tiny", repo);
    CHECK(failed(bring("acme/tiny"), Errc::upstream_failed));
  }
  SECTION("what is known of the commit") {
    first.put("acme/tiny", repo);
    brought("acme/tiny");
    repo.id = "evil/copy";
    repo.files["config.json"] = "{\"other\":1}";
    first.put("evil/copy", repo);
    CHECK(failed(bring("evil/copy"), Errc::unprocessable));
    CHECK_FALSE(store->find_repo(id("evil/copy")));
  }
  SECTION("what was asked for") {
    first.put("acme/tiny", repo);
    CHECK(failed(bring("acme/tiny", commit_2), Errc::upstream_failed));
  }
  SECTION("nothing, with paths that no tree may have") {
    repo.files[".git/config"] = "x";
    first.put("acme/tiny", repo);
    CHECK(failed(bring("acme/tiny"), Errc::upstream_failed));
  }
}

TEST_CASE_METHOD(LookupFixture, "lookup: a rule says no before anything comes",
                 "[daemon][lookup]") {
  auto options = without_git();
  options.check = [](HubClient&, const UpstreamRevision& revision,
                     const std::vector<UpstreamEntry>& entries, const UpstreamCall&) {
    if (revision.repo.name == "tiny" && entries.size() == 1)
      return Status(fail(Errc::forbidden, "rule 1"));
    return ok();
  };
  first.put("acme/tiny", tiny());
  auto other = tiny();
  other.id = "acme/other";
  first.put("acme/other", other);
  begin({&first}, options);
  CHECK(failed(bring("acme/tiny"), Errc::forbidden));
  CHECK_FALSE(store->find_repo(id("acme/tiny")));
  CHECK(bring("acme/other"));
}

TEST_CASE_METHOD(LookupFixture, "lookup: histories that do not come", "[daemon][lookup]") {
  Lookup::Options options;
  options.retries = 1;
  options.retry_base = std::chrono::milliseconds(1);
  Events events;
  first.put("acme/tiny", tiny());
  SECTION("as git is off") {
    begin({&first});
    const auto uid = brought("acme/tiny").repo.uid;
    CHECK(failed(lookup->bring_history(uid), Errc::not_found));
    CHECK(first.count("info/refs") == 0);
  }
  SECTION("as the repo is our own") {
    begin({&first}, options);
    CHECK(failed(lookup->bring_history(make_repo("own")), Errc::not_found));
  }
  SECTION("as the upstream has no git, or refuses it") {
    // A hub of our kind names the repo that it does not give.
    const bool refused = GENERATE(false, true);
    if (!refused) first.answer("/api/waag/", "404 Not Found");
    begin({&first}, events.with(options));
    const auto uid = brought("acme/tiny").repo.uid;
    // It says nothing of the repo, which the API has shown.
    const auto code = refused ? Errc::upstream_failed : Errc::not_found;
    CHECK(failed(lookup->bring_history(uid), code));
    CHECK_FALSE(row(uid).proven);
    lookup.reset();  // ends what runs behind
    const auto asked = first.count("info/refs");
    CHECK(asked >= 1);
    CHECK(asked <= 2);
  }
  SECTION("as whoever asked for it leaves") {
    first.answer("info/refs", "500 Oops");
    begin({&first}, events.with(options));
    const auto uid = brought("acme/tiny").repo.uid;
    std::stop_source stop;
    stop.request_stop();
    CHECK(failed(lookup->bring_history(uid, stop.get_token()), Errc::unavailable));
    CHECK(failed(lookup->bring_history(uid), Errc::upstream_failed));
  }
  SECTION("as it fails: it is tried again") {
    first.answer("info/refs", "500 Oops");
    begin({&first}, events.with(options));
    const auto uid = brought("acme/tiny").repo.uid;
    CHECK(failed(lookup->bring_history(uid), Errc::upstream_failed));
    const auto asked = first.count("info/refs");
    CHECK(asked >= 2);
    // It failed a moment ago: nobody asks for it again in the background.
    lookup->bring_history_later(uid);
    lookup.reset();
    CHECK(first.count("info/refs") <= 4);
  }
  lookup.reset();  // what runs behind tells `events`
}

TEST_CASE_METHOD(LookupFixture, "lookup: a history keeps to a rule's rate, and no client does",
                 "[daemon][lookup]") {
  using namespace std::chrono_literals;
  GitServer real;
  real.work("head -c 2000000 /dev/urandom > noise; git add .; git commit -qm one");
  real.publish();
  auto repo = tiny();
  repo.commit = real.work("git rev-parse HEAD").substr(0, 40);
  repo.files = {{"noise", real.work("cat noise")}};
  first.put("acme/tiny", repo);
  const std::string type = "Content-Type: application/x-git-upload-pack-";
  const auto wanted = git::spell_fetch_v0({*GitId::parse(repo.commit)}, {},
                                          {"side-band-64k", "ofs-delta", "thin-pack"});
  first.answer("/api/waag/", "404 Not Found");
  first.answer("info/refs", "200 OK", type + "advertisement\r\n", real.refs_body());
  first.answer("/git-upload-pack", "200 OK", type + "result\r\n", real.pack_body(wanted));
  begin({&first}, Lookup::Options{});
  UpstreamCall call;
  call.deadline = std::chrono::steady_clock::now() + 10s;
  const auto found = lookup->bring({id("acme/tiny"), "main", call, /*with_history=*/false});
  REQUIRE(found);
  const auto uid = found->repo.uid;

  const auto cap = std::make_shared<RateCap>(1);  // byte a second
  const auto later = std::chrono::steady_clock::now() + 1h;
  static_cast<void>(cap->open(later - 1min));
  REQUIRE(cap->open(later));  // nothing has been taken
  std::stop_source stop;
  auto ruled = std::async(std::launch::async,
                          [&] { return lookup->bring_history(uid, stop.get_token(), cap); });
  for (int i = 0; i < 10'000 && cap->open(later); ++i) std::this_thread::sleep_for(1ms);
  CHECK_FALSE(cap->open(later));         // the first bytes have been counted, and the rest waits
  CHECK(first.count("info/refs") == 1);  // nobody has begun with it in the background
  SECTION("which ends when nobody wants it any more") {
    stop.request_stop();
    CHECK(failed(ruled.get(), Errc::unavailable));
    CHECK_FALSE(row(uid).proven);
  }
  SECTION("which somebody who waits for it lifts") {
    auto client = std::async(std::launch::async, [&] { return lookup->bring_history(uid); });
    const bool came = client.wait_for(20s) == std::future_status::ready;
    stop.request_stop();
    CHECK(came);
    CHECK(client.get());
    CHECK(ruled.get());
    CHECK(row(uid).proven);
  }
  CHECK(first.count("/git-upload-pack") == 1);
}

}  // namespace waag::daemon::testing
