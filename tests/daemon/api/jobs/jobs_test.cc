#include "daemon/jobs/jobs.h"

#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::Reply;

namespace {

/// A hub whose jobs wait: nobody has started the queue, unless the test does.
struct Hub : HubFixture {
  Hub() {
    app->jobs->add_kind({"mirror", [](JobContext& context) -> Status {
                           context.set_total(10, 1);
                           context.add_done(10, 1);
                           context.set_result({{"files", 1}});
                           return ok();
                         }});
    make_user("eve");
    REQUIRE(store->change_user("eve", {.auditor = true}));
    eve = make_token("eve", storage::TokenRole::write);
  }
  std::uint64_t submit(const std::string& user, const std::string& token_id = "",
                       const std::string& key = "") {
    const auto row = app->jobs->submit({"mirror", {{"repo", "a/b"}}, {user, token_id}, 0, key});
    REQUIRE(row);
    return row->id;
  }
  Reply cancel(std::uint64_t id, const std::string& token) {
    return ask({"DELETE", path(id), token, "", "", nullptr});
  }
  static std::string path(std::uint64_t id) { return "/api/waag/v1/jobs/" + std::to_string(id); }
  static std::vector<std::int64_t> ids(const Reply& reply) {
    INFO(reply.body);
    REQUIRE(reply.status == 200);
    std::vector<std::int64_t> found;
    for (const auto& job : reply.json().as_array()) found.push_back(job.at("id").as_int64());
    return found;
  }
  void run_all() {
    REQUIRE(app->jobs->start());
    const auto rows = app->jobs->list({}, 0, 100);
    for (const auto& row : *rows)
      REQUIRE((*app->jobs->watch(row.id))->wait_over(std::chrono::seconds(20)));
  }
  std::string eve;  // an auditor's token
};

using Ids = std::vector<std::int64_t>;

}  // namespace

TEST_CASE_METHOD(Hub, "api jobs: one job before and after", "[daemon][jobs]") {
  const auto id = submit("ada");
  const auto before = get(path(id), ada);
  REQUIRE(before.status == 200);
  CHECK(before.json().at("state") == "queued");
  CHECK(before.json().at("kind") == "mirror");
  CHECK(before.json().at("user") == "ada");
  CHECK(before.json().at("spec").at("repo") == "a/b");
  CHECK(before.json().at("createdAt") == "2026-09-21T14:13:20.000Z");
  CHECK_FALSE(before.json().as_object().contains("startedAt"));
  CHECK_FALSE(before.json().as_object().contains("result"));
  run_all();
  const auto after = get(path(id), ada);
  CHECK(after.json().at("state") == "done");
  CHECK(after.json().at("attempts") == 1);
  CHECK(after.json().at("progress").at("doneBytes") == 10);
  CHECK(after.json().at("result").at("files") == 1);
  CHECK(after.json().as_object().contains("finishedAt"));
}

TEST_CASE_METHOD(Hub, "api jobs: who sees which", "[daemon][jobs]") {
  submit("ada");
  submit("bob");
  submit("ada");
  CHECK(ids(get("/api/waag/v1/jobs", ada)) == Ids{3, 1});
  CHECK(ids(get("/api/waag/v1/jobs?user=bob", ada)) == Ids{3, 1});
  CHECK(ids(get("/api/waag/v1/jobs", bob)) == Ids{2});
  CHECK(ids(get("/api/waag/v1/jobs", root)) == Ids{3, 2, 1});
  CHECK(ids(get("/api/waag/v1/jobs?user=bob", eve)) == Ids{2});
  CHECK(get(path(2), bob).status == 200);
  CHECK(get(path(2), root).status == 200);
  CHECK(get(path(2), eve).status == 200);
  const auto hidden = get(path(2), ada);
  const auto missing = get(path(99), ada);
  CHECK(hidden.status == 404);
  CHECK(hidden.body == missing.body);
  CHECK(get("/api/waag/v1/jobs/2x", root).status == 404);
  CHECK(get(path(2) + "/events", ada).status == 404);
  CHECK(get("/api/waag/v1/jobs").status == 401);
  SECTION("whoever asks for the same sees it too") {
    submit("ada", "", "a/b");
    submit("bob", "", "a/b");
    CHECK(get(path(4), bob).status == 200);
    CHECK(get(path(4), bob).json().at("user") == "ada");
    CHECK(cancel(4, bob).status == 403);
  }
  SECTION("a fine-grained token sees what it asked for itself") {
    const auto fine = make_fine_token("ada", {{"ada", {}, storage::Role::write}});
    submit("ada", parse_token(fine)->public_id);
    CHECK(ids(get("/api/waag/v1/jobs", fine)) == Ids{4});
    CHECK(get(path(4), fine).status == 200);
    CHECK(get(path(1), fine).status == 404);
    CHECK(ids(get("/api/waag/v1/jobs", ada)) == Ids{4, 3, 1});
  }
}

TEST_CASE_METHOD(Hub, "api jobs: pages and filters", "[daemon][jobs]") {
  for (int i = 0; i < 5; ++i) submit("ada");
  REQUIRE(cancel(2, ada).status == 200);
  const auto first = get("/api/waag/v1/jobs?limit=2&state=queued", ada);
  CHECK(ids(first) == Ids{5, 4});
  const auto link = first.header("Link");
  CHECK(link.find("cursor=4") != std::string::npos);
  CHECK(link.find("state=queued") != std::string::npos);
  const auto second = get("/api/waag/v1/jobs?limit=2&state=queued&cursor=4", ada);
  CHECK(ids(second) == Ids{3, 1});
  CHECK(second.header("Link").empty());
  CHECK(ids(get("/api/waag/v1/jobs?state=cancelled", ada)) == Ids{2});
  CHECK(ids(get("/api/waag/v1/jobs?kind=convert", ada)).empty());
  CHECK(get("/api/waag/v1/jobs?state=odd", ada).status == 400);
  CHECK(get("/api/waag/v1/jobs?limit=many", ada).status == 400);
  CHECK(get("/api/waag/v1/jobs?cursor=-1", ada).status == 400);
}

TEST_CASE_METHOD(Hub, "api jobs: who cancels which", "[daemon][jobs]") {
  const auto id = submit("ada");
  CHECK(cancel(id, bob).status == 404);
  CHECK(cancel(id, eve).status == 403);
  CHECK(cancel(id, ada_read).status == 403);
  CHECK(cancel(id, "").status == 401);
  CHECK(get(path(id), ada).json().at("state") == "queued");
  const auto token = GENERATE(0, 1);
  const auto reply = cancel(id, token == 0 ? ada : root);
  REQUIRE(reply.status == 200);
  CHECK(reply.json().at("state") == "cancelled");
  CHECK(reply.json().at("error") == (token == 0 ? "cancelled by ada" : "cancelled by root"));
  CHECK(cancel(id, ada).json() == reply.json());
}

TEST_CASE_METHOD(Hub, "api jobs: events of a job that is over", "[daemon][jobs]") {
  const auto id = submit("ada");
  run_all();
  const auto reply = get(path(id) + "/events", ada);
  REQUIRE(reply.status == 200);
  CHECK(reply.header("Content-Type") == "text/event-stream; charset=utf-8");
  CHECK(reply.header("Cache-Control") == "no-store");
  CHECK(reply.body == "event: state\ndata: " + get(path(id), ada).body + "\n\n");
}

TEST_CASE_METHOD(Hub, "api jobs: metrics count them", "[daemon][jobs]") {
  submit("ada");
  CHECK(get("/metrics").body.find("waag_jobs{kind=\"mirror\",state=\"queued\"} 1\n") !=
        std::string::npos);
  run_all();
  const auto text = get("/metrics").body;
  CHECK(text.find("waag_jobs{kind=\"mirror\",state=\"queued\"} 0\n") != std::string::npos);
  CHECK(text.find("waag_jobs_over_total{kind=\"mirror\",state=\"done\"} 1\n") != std::string::npos);
}
