#include "daemon/mirror/pull_through.h"

#include <future>

#include <boost/asio/post.hpp>

#include "storage/meta/accounts/orgs.h"
#include "tests/daemon/mirror/scripted_hub.h"
#include "tests/daemon/run_task.h"

namespace waag::daemon::testing {

namespace {

using namespace std::chrono_literals;

struct PullFixture : LookupFixture {
  PullFixture() {
    first.put("acme/tiny", tiny());
    begin({&first});
  }
  ~PullFixture() {
    first.release();
    pull.reset();
    pool.join();
  }
  void with(PullThrough::Options options) {
    pull.reset();
    pull = std::make_unique<PullThrough>(*store, pool, clock, *lookup, options);
  }
  static PullThrough::Options times(std::chrono::milliseconds all) {
    PullThrough::Options options;
    options.ttl = options.negative_ttl = options.failure_ttl = all;
    options.threads = 2;
    return options;
  }
  static AskedRevision asked(const std::string& name, const std::string& revision = "main") {
    AskedRevision made;
    made.repo = id(name);
    made.revision = revision;
    return made;
  }
  Prepared prepare(const std::string& name = "acme/tiny", const std::string& revision = "main",
                   Identity who = {}) {
    return run_task(pull->prepare(asked(name, revision), std::move(who)));
  }
  [[nodiscard]] std::size_t looks() const { return first.count("/revision/"); }
  static bool is_plain(const Prepared& prepared) {
    return !prepared.trouble && !prepared.stale && !prepared.gone;
  }
  static Errc trouble(const Prepared& prepared) {
    REQUIRE(prepared.trouble);
    return prepared.trouble->code;
  }

  asio::thread_pool pool{1};
  std::unique_ptr<PullThrough> pull;
};

const Route& route(std::string_view name) {
  for (const auto& each : routes())
    if (each.name == name) return each;
  FAIL("no route " << name);
  return routes().front();
}

Request request(std::vector<std::string> rest) {
  Request made;
  made.captures = {{"type", "models"}, {"ns", "acme"}, {"name", "tiny"}};
  made.rest = std::move(rest);
  return made;
}

}  // namespace

TEST_CASE("pull_through: which routes ask for an upstream's content", "[daemon][pull_through]") {
  std::set<std::string_view> asking;
  for (const auto& each : routes())
    if (AskedRevision::of(each, request({"main"}))) asking.insert(each.name);
  CHECK(asking == std::set<std::string_view>{
                      "resolve", "resolve_cache", "raw", "repo_info", "revision_info", "tree",
                      "treesize", "paths_info", "refs", "commits", "commit_page", "xet_read_token",
                      "lfs_files", "auth_check", "git_refs", "raw_refs", "v2_manifest", "v2_blob"});
}

TEST_CASE("pull_through: the revision of a path", "[daemon][pull_through]") {
  const auto revision = [](std::string_view name, std::vector<std::string> rest) {
    const auto asked = AskedRevision::of(route(name), request(std::move(rest)));
    REQUIRE(asked);
    CHECK(asked->repo == RepoId{RepoType::model, "acme", "tiny"});
    CHECK(asked->history == (name == "git_refs" || name == "raw_refs"));
    return asked->revision;
  };
  CHECK(revision("resolve", {"v1", "a", "b.txt"}) == "v1");
  CHECK(revision("resolve", {"refs", "pr", "1", "b.txt"}) == "refs/pr/1");
  CHECK(revision("resolve", {"refs/pr/1", "b.txt"}) == "refs/pr/1");
  CHECK(revision("raw", {"HEAD", "b.txt"}) == "main");
  CHECK(revision("tree", {"None"}) == "main");
  CHECK(revision("revision_info", {commit_1}) == commit_1);
  for (const auto* name :
       {"repo_info", "refs", "lfs_files", "auth_check", "git_refs", "raw_refs", "commit_page"}) {
    CAPTURE(name);
    CHECK(revision(name, {"v1"}) == "main");
  }
  auto nameless = request({"main"});
  nameless.captures["name"] = "..";
  CHECK_FALSE(AskedRevision::of(route("resolve"), nameless));
}

TEST_CASE_METHOD(PullFixture, "pull_through: all who ask at the same time ask once",
                 "[daemon][pull_through]") {
  with(times(0ms));
  first.hold();
  asio::io_context context(1);
  int plain = 0;
  constexpr int callers = 20;
  for (int i = 0; i < callers; ++i) {
    auto work = pull->prepare(asked(i % 2 == 0 ? "acme/tiny" : "Acme/Tiny"), {});
    asio::co_spawn(context, std::move(work), [&](std::exception_ptr thrown, Prepared prepared) {
      if (!thrown && is_plain(prepared)) ++plain;
    });
  }
  while (context.poll() > 0) {
  }
  // The pool has one thread: behind this all have looked here.
  std::promise<void> looked;
  asio::post(pool, [&] { looked.set_value(); });
  looked.get_future().wait();
  while (context.poll() > 0) {
  }
  CHECK(plain == 0);
  first.release();
  context.run_for(10s);
  CHECK(plain == callers);
  CHECK(looks() == 1);
  CHECK(first.count("/tree/") == 1);
  CHECK(store->find_repo(id("acme/tiny")));
}

TEST_CASE_METHOD(PullFixture, "pull_through: a branch is asked for again after its time",
                 "[daemon][pull_through]") {
  SECTION("not before") {
    with(times(60s));
    CHECK(is_plain(prepare()));
    CHECK(is_plain(prepare()));
    CHECK(looks() == 1);
    CHECK(is_plain(prepare("acme/tiny", "v1")));  // another revision
    CHECK(looks() == 2);
  }
  SECTION("after it") {
    with(times(0ms));
    prepare();
    auto moved = tiny();
    moved.commit = commit_2;
    moved.files["more"] = "more";
    first.put("acme/tiny", moved);
    CHECK(is_plain(prepare()));
    CHECK(looks() == 2);
    CHECK(store->resolve(store->find_repo(id("acme/tiny"))->uid, "main")->hex() == commit_2);
  }
  SECTION("a commit that is here never") {
    with(times(0ms));
    prepare();
    CHECK(is_plain(prepare("acme/tiny", commit_1)));
    CHECK(looks() == 1);
  }
}

TEST_CASE_METHOD(PullFixture, "pull_through: an absence is remembered for its own time",
                 "[daemon][pull_through]") {
  auto options = times(60s);
  SECTION("for long") {
    with(options);
    CHECK(is_plain(prepare("acme/none")));  // no trouble: the handler says what is not here
    CHECK(is_plain(prepare("acme/none")));
    CHECK(looks() == 1);
  }
  SECTION("not at all") {
    options.negative_ttl = 0ms;
    with(options);
    prepare("acme/none");
    prepare("acme/none");
    CHECK(looks() == 2);
  }
  SECTION("of a repo that was there") {
    options.ttl = 0ms;
    with(options);
    prepare();
    first.remove("acme/tiny");
    const auto prepared = prepare();
    CHECK(prepared.gone);
    CHECK_FALSE(prepared.trouble);
    CHECK(prepare().gone);  // out of memory
    CHECK(looks() == 2);
  }
}

TEST_CASE_METHOD(PullFixture, "pull_through: what is here is shown when the upstream fails",
                 "[daemon][pull_through]") {
  auto options = times(0ms);
  options.failure_ttl = 60s;
  with(options);
  prepare();
  first.answer("/revision/", "500 Oops");
  clock.advance(std::chrono::hours(1));
  const auto prepared = prepare();
  CHECK_FALSE(prepared.trouble);
  CHECK(prepared.stale == std::chrono::seconds(3600));
  CHECK(looks() == 2);
  CHECK(prepare().stale == std::chrono::seconds(3600));
  CHECK(looks() == 2);  // the failure is remembered, for what is here
  // Another revision of it is not here.
  CHECK(trouble(prepare("acme/tiny", "v1")) == Errc::upstream_failed);
}

TEST_CASE_METHOD(PullFixture, "pull_through: trouble is never an absence",
                 "[daemon][pull_through]") {
  struct Case {
    std::string status, headers;
  };
  const auto row = GENERATE(values<Case>({{"500 Oops", ""},
                                          {"403 Forbidden", "X-Error-Code: GatedRepo\r\n"},
                                          {"429 Too Many", "Retry-After: 0\r\n"}}));
  CAPTURE(row.status);
  first.answer("/revision/", row.status, row.headers);
  with(times(60s));
  CHECK(trouble(prepare()) == Errc::upstream_failed);
  CHECK(looks() == 1);
  // Of what is not here no failure is remembered: the next caller may have more luck.
  first.answer("/revision/", "");
  if (row.status.starts_with("429")) return;  // the governor waits
  CHECK(is_plain(prepare()));
  CHECK(looks() == 2);
}

TEST_CASE_METHOD(PullFixture, "pull_through: nobody waits too long", "[daemon][pull_through]") {
  auto options = times(0ms);
  options.wait = 20ms;
  with(options);
  SECTION("for what is not here") {
    first.hold();
    CHECK(trouble(prepare()) == Errc::deadline_exceeded);
    first.release();
  }
  SECTION("for what is here") {
    options.wait = 10s;
    with(options);
    prepare();
    options.wait = 20ms;
    with(options);
    first.hold();
    const auto told = prepare();  // with how old it is
    CHECK_FALSE(told.trouble);
    CHECK(told.stale.has_value());
    first.release();
  }
}

TEST_CASE_METHOD(PullFixture, "pull_through: our own names are never looked up",
                 "[daemon][pull_through]") {
  with(times(0ms));
  SECTION("a repo") {
    make_repo("own", "acme");
    CHECK(is_plain(prepare("acme/own")));
  }
  SECTION("a user's namespace") {
    storage::UserRow user;
    user.name = "ada";
    REQUIRE(store->add_user(user));
    CHECK(is_plain(prepare("ada/none")));
  }
  SECTION("an organisation's") {
    storage::UserRow user;
    user.name = "ada";
    REQUIRE(store->add_user(user));
    REQUIRE(store->orgs().add({"lab", "", storage::Visibility::open, clock.now()}, "ada"));
    CHECK(is_plain(prepare("lab/none")));
  }
  CHECK(first.count() == 0);
}

TEST_CASE_METHOD(PullFixture, "pull_through: who may bring something here",
                 "[daemon][pull_through]") {
  using Who = PullThrough::Who;
  const auto who = GENERATE(Who::anyone, Who::users, Who::admins, Who::nobody);
  CAPTURE(static_cast<int>(who));
  auto options = times(0ms);
  options.who = who;
  with(options);
  Identity ada;
  ada.user = "ada";
  Identity root = ada;
  root.hub_admin = true;
  CHECK(is_plain(prepare("acme/tiny", "main", {})));
  CHECK(looks() == (who == Who::anyone ? 1 : 0));
  if (who == Who::anyone) return;
  CHECK(is_plain(prepare("acme/tiny", "main", ada)));
  CHECK(looks() == (who == Who::users ? 1 : 0));
  if (who == Who::users) return;
  CHECK(is_plain(prepare("acme/tiny", "main", root)));
  CHECK(looks() == (who == Who::admins ? 1 : 0));
  if (who == Who::nobody) return;
  // What is here is kept fresh for everybody.
  CHECK(is_plain(prepare("acme/tiny", "main", {})));
  CHECK(looks() == 2);
}

}  // namespace waag::daemon::testing
