#include "tests/daemon/api/forum/forum_hub.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::ForumHub;
using waag::daemon::testing::HubFixture;

namespace {

std::string numbers(const daemon::testing::Reply& reply) {
  std::string found;
  for (const auto& item : reply.json().at("discussions").as_array())
    found += std::to_string(item.at("num").to_number<int>()) + " ";
  return found;
}

}  // namespace

TEST_CASE("discussions: one and its details", "[daemon][discussions]") {
  ForumHub hub;
  const auto made = hub.open(hub.bob, "  About it ");
  INFO(made.body);
  REQUIRE(made.status == 200);
  CHECK(made.json().at("num") == 1);
  CHECK(made.json().at("url") == "http://hub:8080/ada/tiny/discussions/1");
  const auto reply = hub.get(hub.base + "/1?diff=1");
  REQUIRE(reply.status == 200);
  const auto& json = reply.json();
  CHECK(json.at("title") == "About it");
  CHECK(json.at("status") == "open");
  CHECK(json.at("author").at("name") == "bob");
  CHECK(json.at("isPullRequest") == false);
  CHECK(json.at("repo").at("name") == "ada/tiny");
  CHECK(json.at("repo").at("type") == "model");
  CHECK(json.at("numComments") == 1);
  CHECK_FALSE(json.as_object().contains("diff"));
  const auto& events = json.at("events").as_array();
  REQUIRE(events.size() == 1);
  const auto& first = events.at(0);
  CHECK(first.at("type") == "comment");
  CHECK(first.at("author").at("name") == "bob");
  CHECK(first.at("createdAt") == json.at("createdAt"));
  CHECK(first.at("data").at("latest").at("raw") == "Text");
  CHECK(first.at("data").at("edited") == false);
  CHECK(first.at("data").at("hidden") == false);
  CHECK(hub.get(hub.base + "/1?diff=1").body == reply.body);
}

TEST_CASE("discussions: a draft has its ref at once", "[daemon][discussions]") {
  ForumHub hub;
  hub.committed("ada/tiny", HubFixture::file_line("a", "one"));
  const auto path = hub.opened(hub.bob, "Draft", /*pull=*/true);
  const auto before = hub.details(path);
  CHECK(before.at("status") == "draft");
  CHECK(before.at("isPullRequest") == true);
  CHECK(before.at("changes").at("base") == "refs/heads/main");
  CHECK(before.at("filesWithConflicts").as_array().empty());
  CHECK(before.at("diff") == "");
  CHECK(hub.get("/api/models/ada/tiny/revision/refs%2Fpr%2F1").status == 200);

  const auto lines = HubFixture::header_line("Change a") + HubFixture::file_line("a", "two");
  REQUIRE(hub.post("/api/models/ada/tiny/commit/refs%2Fpr%2F1", hub.bob, lines).status == 200);
  const auto after = hub.details(path);
  const auto& events = after.at("events").as_array();
  REQUIRE(events.size() == 2);
  CHECK(events.at(1).at("type") == "commit");
  CHECK(events.at(1).at("author").at("name") == "bob");
  CHECK(events.at(1).at("data").at("subject") == "Change a");
  const std::string diff(after.at("diff").as_string());
  CHECK(diff.find("--- a/a\n+++ b/a\n@@ -1 +1 @@\n-one\n") != std::string::npos);
  CHECK_FALSE(hub.get(path).json().as_object().contains("diff"));  // only if asked
}

TEST_CASE("discussions: a diff is content, which a gated repo keeps back",
          "[daemon][discussions]") {
  ForumHub hub;
  hub.committed("ada/tiny", HubFixture::file_line("a", "secret"));
  const auto path = hub.opened(hub.ada, "Draft", /*pull=*/true);
  const auto lines = HubFixture::header_line("Change a") + HubFixture::file_line("a", "two");
  REQUIRE(hub.post("/api/models/ada/tiny/commit/refs%2Fpr%2F1", hub.ada, lines).status == 200);
  const auto target = "/api/models/ada/tiny/settings";
  REQUIRE(hub.ask({"PUT", target, hub.ada, R"({"gated":"auto"})", "", nullptr}).status == 200);
  for (const auto& token : {hub.bob, std::string()}) {
    const auto seen = hub.get(path + "?diff=1", token);
    CHECK(seen.status == 200);
    CHECK(seen.json().at("title") == "Draft");
    CHECK_FALSE(seen.json().as_object().contains("diff"));
    CHECK(seen.body.find("secret") == std::string::npos);
  }
  CHECK(hub.get(path + "?diff=1", hub.ada_read).json().as_object().contains("diff"));
}

TEST_CASE("discussions: a commit with create_pr is one of them", "[daemon][discussions]") {
  ForumHub hub;
  hub.opened(hub.ada);
  const auto path = hub.opened_pull(hub.bob, "a", "one");
  CHECK(path == hub.base + "/2");
  const auto pull = hub.details(path);
  CHECK(pull.at("status") == "open");
  CHECK(pull.at("title") == "Add a");
  CHECK(pull.at("author").at("name") == "bob");
  CHECK(pull.at("events").as_array().size() == 2);
  CHECK(hub.opened(hub.ada) == hub.base + "/3");
}

TEST_CASE("discussions: lists", "[daemon][discussions]") {
  ForumHub hub;
  hub.opened(hub.ada, "First");
  hub.opened(hub.bob, "Second", /*pull=*/true);
  hub.opened_pull(hub.ada, "a", "one");
  REQUIRE(hub.post(hub.base + "/1/status", hub.ada, R"({"status":"closed"})").status == 200);
  REQUIRE(hub.post(hub.base + "/3/merge", hub.ada, "").status == 200);
  const auto list = [&hub](const std::string& query) { return numbers(hub.get(hub.base + query)); };
  CHECK(list("") == "3 2 1 ");
  CHECK(list("?type=all&status=all&p=0") == "3 2 1 ");
  CHECK(list("?type=pull_request") == "3 2 ");
  CHECK(list("?type=discussion") == "1 ");
  CHECK(list("?status=open") == "2 ");
  CHECK(list("?status=closed") == "3 1 ");
  CHECK(list("?author=ADA") == "3 1 ");
  CHECK(list("?author=nobody") == "");
  CHECK(list("?p=1") == "");
  for (const auto* query : {"?type=x", "?status=merged", "?p=x", "?p=-1"}) {
    CAPTURE(query);
    CHECK(hub.get(hub.base + query).status == 400);
  }
}

TEST_CASE("discussions: pages", "[daemon][discussions]") {
  ForumHub hub;
  for (int i = 0; i < 51; ++i) hub.opened(hub.ada);
  const auto first = hub.get(hub.base);
  CHECK(first.json().at("discussions").as_array().size() == 50);
  CHECK(first.json().at("count") == 51);
  CHECK(first.json().at("start") == 0);
  const auto second = hub.get(hub.base + "?p=1");
  CHECK(numbers(second) == "1 ");
  CHECK(second.json().at("start") == 50);
}

TEST_CASE("discussions: what cannot be opened", "[daemon][discussions]") {
  ForumHub hub;
  CHECK(hub.open(hub.ada, "ab").status == 400);
  CHECK(hub.open(hub.ada, std::string(201, 'x')).status == 400);
  CHECK(hub.open(hub.ada, "two\nlines").status == 400);
  CHECK(hub.open(hub.ada, "Title", false, " \n").status == 400);
  CHECK(hub.open(hub.ada, "Title", true, std::string(65 << 10, 'x')).status == 413);
  CHECK(hub.post(hub.base, hub.ada, "{").status == 400);
  CHECK(hub.post(hub.base, hub.ada, R"({"title":1,"description":"x"})").status == 400);
  CHECK(hub.post(hub.base, hub.ada, R"({"title":"Title","description":"x","pullRequest":"y"})")
            .status == 400);
  CHECK(hub.open("", "Title").status == 401);
  CHECK(hub.open(hub.ada_read, "Title").status == 403);
  CHECK(hub.get(hub.base).json().at("count") == 0);
  CHECK(hub.get("/api/models/ada/tiny/refs?include_prs=1")
            .json()
            .at("pullRequests")
            .as_array()
            .empty());
  for (const auto* number : {"1", "0", "x", "-1", "18446744073709551616"}) {
    CAPTURE(number);
    const auto reply = hub.get(hub.base + "/" + number);
    CHECK(reply.status == 404);
    CHECK(reply.header("X-Error-Code").empty());
  }
}

TEST_CASE("discussions: an owner may switch them off", "[daemon][discussions]") {
  ForumHub hub;
  const auto path = hub.opened(hub.bob);
  const auto uid = hub.store->find_repo({RepoType::model, "ada", "tiny"})->uid;
  REQUIRE(hub.store->change_repo(uid, {.discussions_disabled = true}));
  const auto refused = hub.open(hub.bob, "Title");
  CHECK(refused.status == 403);
  CHECK(refused.error() == "Discussions are disabled for this repo");
  CHECK(hub.open(hub.ada, "Title", true).status == 403);
  const auto lines = HubFixture::header_line("x") + HubFixture::file_line("a", "one");
  CHECK(hub.post("/api/models/ada/tiny/commit/main?create_pr=1", hub.bob, lines).status == 403);
  CHECK(hub.post(path + "/comment", hub.bob, R"({"comment":"x"})").status == 403);
  CHECK(hub.get(path).status == 200);
  CHECK(hub.post(path + "/comment", hub.ada, R"({"comment":"x"})").status == 200);
  CHECK(hub.get(hub.base).json().at("count") == 1);
}

TEST_CASE("discussions: of a private repo only who may read it knows", "[daemon][discussions]") {
  ForumHub hub;
  hub.make_repo("secret", /*hidden=*/true);
  const std::string secret = "/api/models/ada/secret/discussions";
  REQUIRE(hub.post(secret, hub.ada, R"({"title":"Title","description":"x"})").status == 200);
  for (const auto& token : {std::string(), hub.bob}) {
    for (const auto& path : {secret, secret + "/1", secret + "/2"}) {
      const auto reply = hub.get(path, token);
      CHECK(reply.status == (token.empty() ? 401 : 404));
      CHECK(reply.header("X-Error-Code") == "RepoNotFound");
    }
  }
  CHECK(hub.post(secret + "/1/comment", hub.bob, R"({"comment":"x"})").status == 404);
  CHECK(hub.get(secret + "/1", hub.ada_read).status == 200);
  CHECK(hub.get(secret + "/1", hub.root).status == 200);
}
