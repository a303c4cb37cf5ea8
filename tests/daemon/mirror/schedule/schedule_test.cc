#include "daemon/mirror/schedule/schedule.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "tests/daemon/mirror/mirror_fixture.h"

using namespace waag;
using namespace waag::daemon;
using namespace std::chrono_literals;
using boost::json::object;
using storage::JobState;
using waag::daemon::testing::FakeUpstream;
using waag::daemon::testing::MirrorFixture;

namespace {

struct Scheduled : MirrorFixture {
  Scheduled() {
    FakeUpstream::Repo repo;
    repo.files = {{"README.md", "hello"}};
    repo.tags = {"v1", "v2", "beta"};
    for (const auto* name : {"acme/tiny", "acme/other", "eve/tiny"}) upstream.put(name, repo);
  }
  Schedule& schedule() { return app->mirror->schedule(); }
  void add(const object& more) {
    object from{{"name", "nightly"}, {"repos", {"acme/tiny"}}};
    for (const auto& [key, value] : more) from[key] = value;
    const auto rule = MirrorRule::make(from);
    REQUIRE(rule);
    REQUIRE(schedule().add(*rule, "root"));
  }
  /// "acme/tiny@main" of each job.
  std::vector<std::string> specs(const std::vector<std::uint64_t>& ids) {
    std::vector<std::string> found;
    for (const auto id : ids) {
      const auto spec = boost::json::parse(ended(id).spec);
      found.emplace_back(std::string(spec.at("repo").as_string()) + "@" +
                         std::string(spec.at("revision").as_string()));
    }
    return found;
  }
  using Texts = std::vector<std::string>;
};

}  // namespace

TEST_CASE_METHOD(Scheduled, "schedule: patterns name what the upstream has", "[daemon][mirror]") {
  begin();
  add({{"repos", {"acme/*", "acme/tiny"}}, {"revisions", {"main", "v*"}}});
  const auto rule = schedule().run("Nightly");
  REQUIRE(rule);
  CHECK(rule->last_error.empty());
  CHECK(rule->last_run == clock.now());
  CHECK(specs(rule->last_jobs) == Texts{"acme/other@main", "acme/other@v1", "acme/other@v2",
                                        "acme/tiny@main", "acme/tiny@v1", "acme/tiny@v2"});
  for (const auto id : rule->last_jobs) CHECK(ended(id).state == JobState::done);
  CHECK(upstream.count("author=acme") == 1);
  CHECK_FALSE(store->find_repo({RepoType::model, "eve", "tiny"}));
  CHECK(get("/acme/other/resolve/v2/README.md", ada).body == "hello");
}

TEST_CASE_METHOD(Scheduled, "schedule: a plan brings nothing", "[daemon][mirror]") {
  begin();
  add({{"repos", {"acme/*"}}, {"revisions", {"v*"}}, {"window", "00:00-00:01"}});
  const auto plan = schedule().plan("nightly");
  REQUIRE(plan);
  CHECK(plan->error.empty());
  CHECK(specs(plan->jobs) ==
        Texts{"acme/other@v1", "acme/other@v2", "acme/tiny@v1", "acme/tiny@v2"});
  for (const auto id : plan->jobs) CHECK(ended(id).state == JobState::done);  // at any time
  CHECK(upstream.count("/resolve/") == 0);
  CHECK(schedule().find("nightly")->last_jobs.empty());
  CHECK(schedule().find("nightly")->last_run == storage::TimeMs{});
}

TEST_CASE_METHOD(Scheduled, "schedule: rules run when they are due", "[daemon][mirror]") {
  begin();
  add({{"every", "1h"}});
  schedule().tick();
  const auto first = *schedule().find("nightly");
  REQUIRE(first.last_jobs.size() == 1);
  CHECK(ended(first.last_jobs[0]).state == JobState::done);
  schedule().tick();
  CHECK(schedule().find("nightly")->last_jobs == first.last_jobs);
  clock.advance(1h);
  REQUIRE(schedule().change("nightly", {{"paused", true}}));
  schedule().tick();
  CHECK(schedule().find("nightly")->last_jobs == first.last_jobs);
  REQUIRE(schedule().change("nightly", {{"paused", false}}));
  schedule().tick();
  const auto second = *schedule().find("nightly");
  CHECK(second.last_jobs != first.last_jobs);
  CHECK(specs(second.last_jobs) == Texts{"acme/tiny@main"});
}

TEST_CASE_METHOD(Scheduled, "schedule: what goes away upstream stays here", "[daemon][mirror]") {
  begin();
  add({});
  const auto before = *schedule().run("nightly");
  REQUIRE(ended(before.last_jobs.at(0)).state == JobState::done);
  upstream.remove("acme/tiny");
  const auto after = *schedule().run("nightly");
  CHECK(ended(after.last_jobs.at(0)).state == JobState::failed);
  CHECK(get("/acme/tiny/resolve/main/README.md", ada).body == "hello");
  const auto shown = get("/api/waag/v1/upstreams", root);
  REQUIRE(shown.json().at("gone").as_array().size() == 1);
  CHECK(shown.json().at("gone").at(0).at("id") == "acme/tiny");
  log.flush();
  CHECK(log_text.find("mirror_gone") != std::string::npos);
  REQUIRE(schedule().remove("nightly"));
  CHECK(get("/acme/tiny/resolve/main/README.md", ada).body == "hello");
}

TEST_CASE_METHOD(Scheduled, "schedule: what cannot be found out is told", "[daemon][mirror]") {
  begin();
  add({{"repos", {"acme/tiny", "none/tiny"}}, {"revisions", {"v*"}}});
  const auto rule = schedule().run("nightly");
  REQUIRE(rule);
  CHECK(specs(rule->last_jobs) == Texts{"acme/tiny@v1", "acme/tiny@v2"});
  CHECK(rule->last_error.starts_with("model none/tiny: "));
  CHECK(schedule().run("none").error().code == Errc::not_found);
}
