#include <boost/json/array.hpp>

#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::Reply;

namespace {

struct Hub : HubFixture {
  Reply squash(const std::string& ref, const std::string& token,
               const std::string& body = R"({"message":"One"})") {
    return post("/api/models/ada/tiny/super-squash/" + ref, token, body);
  }
  boost::json::array commits(const std::string& rev) {
    return get("/api/models/ada/tiny/commits/" + rev).json().as_array();
  }
};

}  // namespace

TEST_CASE("squash: a branch and a pull request", "[daemon][squash]") {
  Hub hub;
  hub.make_repo("tiny");
  const auto old = hub.committed("ada/tiny", HubFixture::file_line("a", "1"));
  REQUIRE(hub.post("/api/models/ada/tiny/branch/feat%2Fx", hub.ada, "{}").status == 200);
  hub.committed("ada/tiny", HubFixture::file_line("a", "2"), "feat%2Fx");
  const auto reply = hub.squash("main", hub.ada);
  REQUIRE(reply.status == 200);
  const auto main = hub.commits("main");
  REQUIRE(main.size() == 1);
  CHECK(main.at(0).at("title") == "One");
  CHECK(main.at(0).at("id") == reply.json().at("commitOid"));
  CHECK(hub.commits("feat%2Fx").size() == 3);
  CHECK(hub.get("/ada/tiny/resolve/" + old + "/a").body == "1");  // the branch reaches it
  REQUIRE(hub.squash("feat%2Fx", hub.ada, "{}").status == 200);
  CHECK(hub.commits("feat%2Fx").at(0).at("title") == "Super-squash feat/x");
  CHECK(hub.get("/ada/tiny/resolve/" + old + "/a").header("X-Error-Code") == "RevisionNotFound");
  CHECK(hub.get("/ada/tiny/resolve/main/a").body == "1");
  const auto pull = hub.commit("ada/tiny", HubFixture::file_line("b", "x"), "main?create_pr=1");
  REQUIRE(pull.status == 200);
  REQUIRE(hub.squash("refs%2Fpr%2F1", hub.ada).status == 200);
  CHECK(hub.commits("refs%2Fpr%2F1").size() == 1);
}

TEST_CASE("squash: what is refused", "[daemon][squash]") {
  Hub hub;
  hub.make_repo("tiny");
  REQUIRE(hub.post("/api/models/ada/tiny/tag/main", hub.ada, R"({"tag":"v1"})").status == 200);
  CHECK(hub.squash("v1", hub.ada).status == 400);
  CHECK(hub.squash("refs%2Ftags%2Fv1", hub.ada).status == 400);
  const auto missing = hub.squash("none", hub.ada);
  CHECK(missing.status == 404);
  CHECK(missing.header("X-Error-Code") == "RevisionNotFound");
  CHECK(hub.squash("main", hub.ada, R"({"message":1})").status == 400);
  CHECK(hub.squash("main", hub.bob).status == 403);
  CHECK(hub.squash("main", hub.ada_read).status == 403);
  CHECK(hub.squash("main", "").status == 401);
  CHECK(hub.commits("main").at(0).at("title") == "initial commit");
}
