#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;

TEST_CASE("admin users: create, list, disable", "[daemon][admin]") {
  HubFixture hub;
  const auto made = hub.post("/api/waag/v1/users", hub.root,
                             R"({"name":"Eve","fullName":"Eve E","email":"e@x.test"})");
  REQUIRE(made.status == 200);
  CHECK(made.json().at("name") == "Eve");
  CHECK(made.json().at("admin") == false);
  const auto again = hub.post("/api/waag/v1/users", hub.root, R"({"name":"EVE"})");
  CHECK(again.status == 409);
  CHECK(hub.get("/api/waag/v1/users", hub.root).json().as_array().size() == 4);

  const auto token = hub.make_token("Eve", storage::TokenRole::write);
  REQUIRE(hub.get("/api/whoami-v2", token).status == 200);
  const auto gone = hub.ask({"DELETE", "/api/waag/v1/users/Eve", hub.root, "", "", nullptr});
  CHECK(gone.json().at("disabled") == true);
  CHECK(hub.get("/api/whoami-v2", token).status == 401);
  CHECK(hub.ask({"DELETE", "/api/waag/v1/users/nobody", hub.root, "", "", nullptr}).status == 404);
  CHECK(hub.ask({"DELETE", "/api/waag/v1/users/root", hub.root, "", "", nullptr}).status == 400);
}

TEST_CASE("admin users: bad names and fields make nothing", "[daemon][admin]") {
  HubFixture hub;
  const auto body = GENERATE(R"({})", R"({"name":""})", R"({"name":"a b"})", R"({"name":"api"})",
                             R"({"name":"DataSets"})", R"({"name":"../x"})", R"({"name":7})",
                             R"({"name":"x","email":"a<b>"})", R"({"name":"x","fullName":"a\nb"})",
                             R"({"name":"x","admin":"yes"})", "{");
  CAPTURE(body);
  CHECK(hub.post("/api/waag/v1/users", hub.root, body).status == 400);
  CHECK(hub.get("/api/waag/v1/users", hub.root).json().as_array().size() == 3);
}

TEST_CASE("admin: for hub admins with an admin token only", "[daemon][admin]") {
  HubFixture hub;
  const auto modest = hub.make_token("root", storage::TokenRole::write);
  const auto vain = hub.make_token("ada", storage::TokenRole::admin);
  CHECK(hub.get("/api/waag/v1/users").status == 401);
  for (const auto& token : {hub.ada, modest, vain})
    CHECK(hub.get("/api/waag/v1/users", token).status == 403);
}

TEST_CASE("admin: status counts", "[daemon][admin]") {
  HubFixture hub;
  hub.make_repo("tiny");
  const auto status = hub.get("/api/waag/v1/status", hub.ada).json();
  CHECK(status.at("repos") == 1);
  CHECK(status.at("user") == "ada");
  CHECK(status.at("freeBytes").to_number<std::uint64_t>() > 0);
  CHECK(hub.get("/api/waag/v1/status").status == 401);
}
