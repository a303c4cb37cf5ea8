#include <boost/json/array.hpp>

#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::Reply;

namespace {

struct Hub : HubFixture {
  Reply like(const std::string& repo, const std::string& token, const char* method = "POST") {
    return ask({method, "/api/models/" + repo + "/like", token, "", "", nullptr});
  }
  std::vector<std::string> liked_by(const std::string& user, const std::string& token = "") {
    std::vector<std::string> names;
    const auto reply = get("/api/users/" + user + "/likes", token);  // outlives the loop
    for (const auto& item : reply.json().as_array())
      names.emplace_back(item.at("repo").at("name").as_string());
    return names;
  }
};
using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("likes: given, shown and taken back", "[daemon][likes]") {
  Hub hub;
  hub.make_repo("a");
  CHECK(hub.like("ada/a", hub.bob).status == 200);
  CHECK(hub.like("ADA/a", hub.bob).status == 200);
  CHECK(hub.like("ada/a", hub.ada).status == 200);
  CHECK(hub.get("/api/models/ada/a").json().at("likes") == 2);
  CHECK(hub.get("/api/models").json().at(0).at("likes") == 2);
  const auto likers = hub.get("/api/models/ada/a/likers").json().as_array();
  REQUIRE(likers.size() == 2);
  CHECK(likers.at(1).at("user") == "bob");
  CHECK(likers.at(1).at("fullname") == "bob Example");
  CHECK(likers.at(1).as_object().contains("avatarUrl"));
  const auto likes = hub.get("/api/users/BOB/likes").json().as_array();
  REQUIRE(likes.size() == 1);
  CHECK(likes.at(0).at("createdAt") == "2026-09-21T14:13:20.000Z");
  CHECK(likes.at(0).at("repo").at("name") == "ada/a");
  CHECK(likes.at(0).at("repo").at("type") == "model");
  CHECK(hub.like("ada/a", hub.bob, "DELETE").status == 200);
  CHECK(hub.like("ada/a", hub.bob, "DELETE").status == 200);
  CHECK(hub.liked_by("bob").empty());
}

TEST_CASE("likes: page by page", "[daemon][likes]") {
  Hub hub;
  for (const auto* name : {"a", "b", "c"}) {
    hub.make_repo(name);
    REQUIRE(hub.like("ada/" + std::string(name), hub.bob).status == 200);
  }
  REQUIRE(hub.like("ada/a", hub.ada).status == 200);
  const auto follow = [&](std::string target) {
    std::size_t pages = 0;
    for (; !target.empty(); ++pages) {
      const auto page = hub.get(target);
      REQUIRE(page.json().as_array().size() == 1);
      const auto link = page.header("Link");
      target = link.empty() ? "" : HubFixture::path_of(link.substr(1, link.find('>') - 1));
    }
    return pages;
  };
  CHECK(follow("/api/users/bob/likes?limit=1") == 3);
  CHECK(follow("/api/models/ada/a/likers?limit=1") == 2);
  CHECK(hub.get("/api/users/bob/likes?limit=x").status == 400);
  CHECK(hub.get("/api/users/bob/likes?cursor=%21").status == 400);
  CHECK(hub.get("/api/users/bob/likes?cursor=YWJj").status == 400);
}

TEST_CASE("likes: of repos that a caller may see", "[daemon][likes]") {
  Hub hub;
  hub.make_repo("secret", /*hidden=*/true);
  hub.make_repo("open");
  REQUIRE(hub.like("ada/secret", hub.ada).status == 200);
  REQUIRE(hub.like("ada/open", hub.ada).status == 200);
  CHECK(hub.liked_by("ada") == Names{"ada/open"});
  CHECK(hub.liked_by("ada", hub.bob) == Names{"ada/open"});
  CHECK(hub.liked_by("ada", hub.ada_read) == Names{"ada/secret", "ada/open"});
  CHECK(hub.like("ada/secret", hub.bob).header("X-Error-Code") == "RepoNotFound");
  CHECK(hub.get("/api/models/ada/secret/likers", hub.bob).header("X-Error-Code") == "RepoNotFound");
  CHECK(hub.like("ada/open", hub.ada_read).status == 403);
  CHECK(hub.like("ada/open", "").status == 401);
  CHECK(hub.get("/api/users/nobody/likes").status == 404);
}

TEST_CASE("likes: one-segment ids", "[daemon][likes]") {
  Hub hub;
  hub.make_repo("tiny");
  CHECK(hub.like("tiny", hub.bob).header("Location") == "/api/models/ada/tiny/like");
  CHECK(hub.like("tiny", hub.bob, "DELETE").header("Location") == "/api/models/ada/tiny/like");
  const auto missing = hub.like("missing_repo_id", hub.bob, "DELETE");
  CHECK(missing.status == 404);
  CHECK(missing.header("X-Error-Code") == "RepoNotFound");
  // A repo of that name is no like.
  hub.make_repo("like");
  CHECK(hub.get("/api/models/ada/like").json().at("id") == "ada/like");
  const auto refused = hub.ask({"DELETE", "/api/models/ada/tiny", hub.ada, "", "", nullptr});
  CHECK(refused.status == 405);
  CHECK(refused.header("Allow") == "GET, HEAD, OPTIONS");
}
