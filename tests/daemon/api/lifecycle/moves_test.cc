#include <boost/json/object.hpp>

#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::Reply;

namespace {

struct Hub : HubFixture {
  Reply move(const std::string& from, const std::string& to, const std::string& token,
             const std::string& type = "model") {
    return post(
        "/api/repos/move", token,
        R"({"fromRepo":")" + from + R"(","toRepo":")" + to + R"(","type":")" + type + "\"}");
  }
};

}  // namespace

TEST_CASE("moves: the old name sends every request on", "[daemon][moves]") {
  Hub hub;
  hub.make_repo("old");
  const auto head = hub.committed("ada/old", HubFixture::file_line("a b.txt", "hi"));
  const auto moved = hub.move("ada/old", "ada/New", hub.ada);
  REQUIRE(moved.status == 200);
  CHECK(moved.json().at("url") == "http://hub:8080/ada/New");
  const auto sent_on = [&](const std::string& method, const std::string& target) {
    const auto reply = hub.ask({method, target, hub.ada, "{}", "", nullptr});
    INFO(target << " " << reply.body);
    CHECK(reply.status == 307);
    return reply.header("Location");
  };
  CHECK(sent_on("GET", "/api/models/ADA/old?blobs=1") == "/api/models/ada/New?blobs=1");
  CHECK(sent_on("HEAD", "/ada/old/resolve/main/a%20b.txt") == "/ada/New/resolve/main/a%20b.txt");
  CHECK(sent_on("GET", "/ada/old/resolve/main/a%20b.txt?download=true") ==
        "/ada/New/resolve/main/a%20b.txt?download=true");
  CHECK(sent_on("GET", "/ada/old/raw/main/a") == "/ada/New/raw/main/a");
  CHECK(sent_on("GET", "/api/resolve-cache/models/ada/old/" + head + "/a") ==
        "/api/resolve-cache/models/ada/New/" + head + "/a");
  CHECK(sent_on("POST", "/api/models/ada/old/commit/main") == "/api/models/ada/New/commit/main");
  CHECK(sent_on("PUT", "/api/models/ada/old/settings") == "/api/models/ada/New/settings");
  CHECK(sent_on("DELETE", "/api/models/ada/old/tag/v1") == "/api/models/ada/New/tag/v1");
  CHECK(sent_on("GET", "/api/models/ada/old/whatever") == "/api/models/ada/New/whatever");
  CHECK(hub.batch("ada/old", "download", "x", hub.ada).header("Location") ==
        "/ada/New.git/info/lfs/objects/batch");
  CHECK(hub.get("/ada/New/resolve/main/a%20b.txt").body == "hi");
  CHECK(hub.get("/api/models/ada/New").json().at("id") == "ada/New");
  CHECK(hub.get("/api/datasets/ada/old", hub.ada).status == 404);
}

TEST_CASE("moves: datasets keep their prefix", "[daemon][moves]") {
  Hub hub;
  REQUIRE(hub.post("/api/repos/create", hub.ada, R"({"name":"old","type":"dataset"})").status ==
          200);
  REQUIRE(hub.move("ada/old", "ada/new", hub.ada, "dataset").status == 200);
  CHECK(hub.head("/datasets/ada/old/resolve/main/x").header("Location") ==
        "/datasets/ada/new/resolve/main/x");
  CHECK(hub.get("/api/datasets/ada/old/tree/main").header("Location") ==
        "/api/datasets/ada/new/tree/main");
}

TEST_CASE("moves: a redirect to a hidden repo is none", "[daemon][moves]") {
  Hub hub;
  hub.make_repo("old", /*hidden=*/true);
  REQUIRE(hub.move("ada/old", "ada/new", hub.ada).status == 200);
  CHECK(hub.head("/ada/old/resolve/main/x", hub.ada_read).status == 307);
  CHECK(hub.get("/api/models/ada/old", hub.root).status == 307);
  for (const auto& token : {std::string(), hub.bob}) {
    const auto hidden = hub.get("/api/models/ada/old", token);
    const auto missing = hub.get("/api/models/ada/never", token);
    CHECK(hidden.header("X-Error-Code") == "RepoNotFound");
    CHECK(hidden.status == missing.status);
    CHECK(hidden.headers.all() == missing.headers.all());
    CHECK(hidden.body == missing.body);
  }
}

TEST_CASE("moves: back, over, and another spelling", "[daemon][moves]") {
  Hub hub;
  hub.make_repo("a");
  REQUIRE(hub.move("ada/a", "ada/b", hub.ada).status == 200);
  REQUIRE(hub.move("ada/b", "ada/a", hub.ada).status == 200);
  CHECK(hub.get("/api/models/ada/a").status == 200);
  CHECK(hub.get("/api/models/ada/b").header("Location") == "/api/models/ada/a");
  hub.make_repo("b");
  CHECK(hub.get("/api/models/ada/b").status == 200);
  REQUIRE(hub.move("ada/a", "ada/A", hub.ada).status == 200);
  CHECK(hub.get("/api/models/ada/a").json().at("id") == "ada/A");
  REQUIRE(hub.move("ada/A", "ada/A", hub.ada).status == 200);
}

TEST_CASE("moves: who may, and what is refused", "[daemon][moves]") {
  Hub hub;
  hub.make_repo("a");
  hub.make_repo("b");
  hub.make_repo("secret", /*hidden=*/true);
  const auto taken = hub.move("ada/a", "ada/B", hub.ada);
  CHECK(taken.status == 409);
  CHECK(taken.error() == "A model repository called ada/B already exists");
  CHECK(hub.move("ada/a", "bob/a", hub.ada).status == 403);
  CHECK(hub.move("ada/a", "bob/a", hub.bob).status == 403);
  CHECK(hub.move("ada/a", "ada/c", hub.ada_read).status == 403);
  CHECK(hub.move("ada/a", "ada/c", "").status == 401);
  CHECK(hub.move("ada/secret", "bob/mine", hub.bob).header("X-Error-Code") == "RepoNotFound");
  CHECK(hub.move("ada/none", "ada/c", hub.ada).header("X-Error-Code") == "RepoNotFound");
  CHECK(hub.move("ada/a", "ada/c", hub.ada, "kernel").status == 400);
  CHECK(hub.move("a", "ada/c", hub.ada).status == 400);
  CHECK(hub.move("ada/a", "ada/..", hub.ada).status == 400);
  CHECK(hub.move("ada/a", "ada/tree", hub.ada).status == 400);  // a word of URLs
  CHECK(hub.post("/api/repos/move", hub.ada, R"({"fromRepo":"ada/a"})").status == 400);
  CHECK(hub.get("/api/models/ada/a").status == 200);
  // A hub admin may give it to someone else; then it is theirs.
  REQUIRE(hub.move("ada/secret", "bob/mine", hub.root).status == 200);
  CHECK(hub.get("/api/models/ada/secret", hub.bob).header("Location") == "/api/models/bob/mine");
  CHECK(hub.get("/api/models/ada/secret", hub.ada).header("X-Error-Code") == "RepoNotFound");
}
