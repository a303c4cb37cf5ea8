#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::Reply;

namespace {

Reply send(HubFixture& hub, const char* method, const std::string& path, const std::string& token,
           const std::string& body = "") {
  return hub.ask({method, "/api/waag/v1/" + path, token, body, "", nullptr});
}

}  // namespace

TEST_CASE("collaborators: a role on one repo", "[daemon][accounts]") {
  HubFixture hub;
  hub.make_repo("secret", /*hidden=*/true);
  hub.make_repo("other", /*hidden=*/true);
  const std::string path = "repos/models/ada/secret/collaborators";
  const auto role = R"({"role":"write"})";
  CHECK(send(hub, "PUT", path + "/bob", hub.bob, role).status == 404);
  CHECK(send(hub, "PUT", path + "/bob", "", role).status == 401);
  CHECK(send(hub, "PUT", path + "/bob", hub.ada_read, role).status == 403);
  CHECK(send(hub, "PUT", path + "/none", hub.ada, role).status == 404);
  CHECK(send(hub, "PUT", path + "/bob", hub.ada, "{}").status == 400);
  REQUIRE(send(hub, "PUT", path + "/BOB", hub.ada, role).status == 200);
  CHECK(hub.commit("ada/secret", HubFixture::file_line("a", "x"), "main", hub.bob).status == 200);
  CHECK(hub.get("/api/models/ada/other", hub.bob).status == 404);
  CHECK(hub.get("/api/models", hub.bob).json().as_array().size() == 1);
  CHECK(send(hub, "GET", path, hub.bob).status == 403);
  const auto list = send(hub, "GET", path, hub.ada);
  REQUIRE(list.json().as_array().size() == 1);
  CHECK(list.json().at(0).at("user") == "bob");
  CHECK(list.json().at(0).at("role") == "write");
  // There are groups in organisations only.
  CHECK(send(hub, "PUT", "repos/models/ada/secret/groups/crew", hub.ada, role).status == 404);
  CHECK(send(hub, "DELETE", path + "/bob", hub.ada).status == 200);
  CHECK(send(hub, "DELETE", path + "/bob", hub.ada).status == 404);
  CHECK(hub.get("/api/models/ada/secret", hub.bob).status == 404);
}

TEST_CASE("groups: made, listed and ended by the organisation's admins", "[daemon][accounts]") {
  HubFixture hub;
  hub.make_org("acme", "ada");
  CHECK(send(hub, "PUT", "orgs/acme/groups/crew", hub.bob, "{}").status == 403);
  CHECK(send(hub, "PUT", "orgs/acme/groups/a%20b", hub.ada, "{}").status == 400);
  CHECK(send(hub, "PUT", "orgs/acme/groups/crew", hub.ada, R"({"role":"god"})").status == 400);
  REQUIRE(send(hub, "PUT", "orgs/acme/groups/crew", hub.ada, R"({"role":"read"})").status == 200);
  CHECK(send(hub, "PUT", "orgs/acme/groups/crew/members/bob", hub.ada).status == 404);
  REQUIRE(send(hub, "PUT", "orgs/acme/groups/crew/members/ADA", hub.ada).status == 200);
  const auto list = send(hub, "GET", "orgs/acme/groups", hub.ada);
  REQUIRE(list.json().as_array().size() == 1);
  CHECK(list.json().at(0).at("name") == "crew");
  CHECK(list.json().at(0).at("role") == "read");
  CHECK(list.json().at(0).at("members").at(0) == "ada");
  CHECK(send(hub, "GET", "orgs/acme/groups", hub.bob).status == 403);
  CHECK(send(hub, "DELETE", "orgs/acme/groups/crew/members/ada", hub.ada).status == 200);
  CHECK(send(hub, "DELETE", "orgs/acme/groups/crew/members/ada", hub.ada).status == 404);
  CHECK(send(hub, "DELETE", "orgs/acme/groups/crew", hub.ada).status == 200);
  CHECK(send(hub, "DELETE", "orgs/acme/groups/crew", hub.ada).status == 404);
}
