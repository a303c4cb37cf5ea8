
#include <boost/json/parse.hpp>

#include "daemon/mirror/mirror.h"
#include "tests/daemon/mirror/mirror_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::FakeUpstream;
using waag::daemon::testing::MirrorFixture;
using waag::daemon::testing::Reply;

namespace {

const std::string api = "/api/waag/v1/mirrors";

struct Hub : MirrorFixture {
  Hub() {
    FakeUpstream::Repo repo;
    repo.files = {{"README.md", "hello"}};
    upstream.put("acme/tiny", repo);
    make_user("eve");
    REQUIRE(store->change_user("eve", {.auditor = true}));
    eve = make_token("eve", storage::TokenRole::write);
  }
  Reply send(const std::string& method, const std::string& path, const std::string& body = "") {
    return ask({method, path, root, body, "", nullptr});
  }
  std::string eve;  // an auditor's token
};

}  // namespace

TEST_CASE_METHOD(Hub, "api mirrors: from the first to the last", "[daemon][mirror]") {
  begin();
  CHECK(get(api, root).body == "[]");
  const auto made = post(api, root, R"({"name":"nightly","repos":["acme/tiny"],"every":"6h"})");
  INFO(made.body);
  REQUIRE(made.status == 200);
  CHECK(made.json().at("every") == 21'600);
  CHECK(made.json().at("owner") == "root");
  CHECK(made.json().at("nextRunAt") == "2026-09-21T14:13:20.000Z");
  CHECK(post(api, root, R"({"name":"Nightly","repos":["acme/tiny"]})").status == 409);

  const auto ran = send("POST", api + "/nightly/run");
  REQUIRE(ran.status == 200);
  REQUIRE(ran.json().at("lastJobs").as_array().size() == 1);
  const auto id = ran.json().at("lastJobs").at(0).to_number<std::uint64_t>();
  CHECK(ended(id).state == storage::JobState::done);
  CHECK(get("/api/waag/v1/jobs/" + std::to_string(id), root).json().at("user") == "root");
  const auto shown = get(api + "/nightly", eve);
  CHECK(shown.json().at("lastStates").at("done") == 1);
  CHECK(shown.json().at("lastRunAt") == "2026-09-21T14:13:20.000Z");

  const auto plan = send("POST", api + "/nightly/run", R"({"dry_run":true})");
  REQUIRE(plan.status == 200);
  CHECK_FALSE(plan.json().as_object().contains("error"));
  const auto planned = ended(plan.json().at("jobs").at(0).to_number<std::uint64_t>());
  CHECK(planned.state == storage::JobState::done);
  CHECK(boost::json::parse(planned.spec).at("dry_run") == true);
  CHECK(get(api + "/nightly", eve).json().at("lastJobs") == ran.json().at("lastJobs"));
  CHECK(send("POST", api + "/nightly/run", R"({"dry_run":"yes"})").status == 400);
  CHECK(send("POST", api + "/none/run", R"({"dry_run":true})").status == 404);

  const auto changed = send("PATCH", api + "/nightly", R"({"paused":true,"cron":"0 2 * * *"})");
  REQUIRE(changed.status == 200);
  CHECK(changed.json().at("paused") == true);
  CHECK_FALSE(changed.json().as_object().contains("every"));
  CHECK_FALSE(changed.json().as_object().contains("nextRunAt"));
  CHECK(send("PATCH", api + "/nightly", R"({"cron":"x"})").status == 400);
  CHECK(get(api, eve).json().as_array().size() == 1);
  CHECK(send("DELETE", api + "/nightly").status == 200);
  CHECK(send("DELETE", api + "/nightly").status == 404);
  CHECK(get(api + "/nightly", root).status == 404);
  CHECK(get("/acme/tiny/resolve/main/README.md", ada).body == "hello");
}

TEST_CASE_METHOD(Hub, "api mirrors: a hub without an upstream has none", "[daemon][mirror]") {
  CHECK(get(api, root).body == "[]");
  CHECK(post(api, root, R"({"name":"a","repos":["a/b"]})").status == 404);
  CHECK(post("/api/waag/v1/pulls", root, R"({"repo":"a/b"})").status == 400);
  CHECK(get("/api/waag/v1/upstreams", root).json().at("upstreams").as_array().empty());
}

TEST_CASE_METHOD(Hub, "api mirrors: the state of the upstreams", "[daemon][mirror]") {
  begin();
  CHECK(get("/acme/tiny/resolve/main/README.md", ada).body == "hello");
  const auto shown = get("/api/waag/v1/upstreams", eve);
  REQUIRE(shown.status == 200);
  const auto& hub = shown.json().at("upstreams").at(0);
  CHECK(hub.at("url").as_string() == std::string_view(upstream.origin()));
  CHECK(hub.at("state") == "up");
  CHECK(hub.at("trusted") == true);
  CHECK(hub.at("calls").to_number<int>() >= 3);
  CHECK(hub.at("budgets").as_array().size() == 4);
  CHECK(shown.json().at("gone").as_array().empty());
  CHECK(shown.json().at("leftOut").as_array().empty());
  CHECK(get("/api/waag/v1/status", eve).json().at("upstreams").at(upstream.origin()) == "up");
  CHECK_FALSE(get("/api/waag/v1/status", ada).json().as_object().contains("upstreams"));
}

TEST_CASE_METHOD(Hub, "api mirrors: repos that are gone there or lack refs", "[daemon][mirror]") {
  begin();
  CHECK(get("/acme/tiny/resolve/main/README.md", ada).body == "hello");
  const auto uid = store->find_repo({RepoType::model, "acme", "tiny"})->uid;
  REQUIRE(store->mirrors().change(uid, [](storage::MirrorRow& row) {
    row.gone = storage::TimeMs(1'000);
    row.refs_left_out = 3;
    row.left_out = {{"refs/tags/a", "no"}, {"refs/tags/b", "nor this"}};
  }));
  const auto shown = get("/api/waag/v1/upstreams", eve);
  const auto& gone = shown.json().at("gone").as_array();
  REQUIRE(gone.size() == 1);
  CHECK(gone[0].at("id") == "acme/tiny");
  CHECK(gone[0].at("since") == "1970-01-01T00:00:01.000Z");
  const auto& lacking = shown.json().at("leftOut").as_array();
  REQUIRE(lacking.size() == 1);
  CHECK(lacking[0].at("id") == "acme/tiny");
  CHECK(lacking[0].at("type") == "model");
  CHECK(lacking[0].at("refs") == 3);
  CHECK(lacking[0].at("ref") == "refs/tags/a");
  CHECK(lacking[0].at("reason") == "no");
}
