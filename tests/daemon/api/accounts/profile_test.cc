#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;

TEST_CASE("profile: whoami names the organisations and the role in each", "[daemon][accounts]") {
  HubFixture hub;
  CHECK(hub.get("/api/whoami-v2", hub.ada).json().at("orgs").as_array().empty());
  hub.make_org("acme", "ada");
  const auto me = hub.get("/api/whoami-v2", hub.ada);
  const auto& org = me.json().at("orgs").at(0);
  CHECK(org.at("type") == "org");
  CHECK(org.at("name") == "acme");
  CHECK(org.at("fullname") == "acme");
  CHECK(org.at("roleInOrg") == "admin");
}

TEST_CASE("profile: overviews count what the caller may read", "[daemon][accounts]") {
  HubFixture hub;
  hub.make_org("acme", "ada");
  hub.make_repo("acme/secret", /*hidden=*/true);
  hub.make_repo("acme/open");
  hub.make_repo("zed", /*hidden=*/true);
  const auto org = "/api/organizations/ACME/overview";
  CHECK(hub.get(org).status == 401);
  CHECK(hub.get(org, hub.ada).json().at("numModels") == 2);
  CHECK(hub.get(org, hub.bob).json().at("numModels") == 1);
  CHECK(hub.get(org, hub.bob).json().at("numUsers") == 1);
  CHECK(hub.get("/api/organizations/ada/overview", hub.bob).status == 404);

  const auto user = hub.get("/api/users/ADA/overview", hub.bob);
  CHECK(user.json().at("user") == "ada");
  CHECK(user.json().at("fullname") == "ada Example");
  CHECK(user.json().at("numModels") == 0);
  CHECK(user.json().at("orgs").at(0).at("name") == "acme");
  CHECK(user.body.find("@example") == std::string::npos);
  CHECK(hub.get("/api/users/ada/overview", hub.ada).json().at("numModels") == 1);
  CHECK(hub.get("/api/users/acme/overview", hub.ada).status == 404);
  REQUIRE(hub.store->change_user("bob", {.disabled = true}));
  CHECK(hub.get("/api/users/bob/overview", hub.ada).status == 404);

  const auto members = hub.get("/api/organizations/acme/members", hub.ada);
  REQUIRE(members.json().as_array().size() == 1);
  CHECK(members.json().at(0).at("user") == "ada");
}

TEST_CASE("profile: the repos of a namespace and what they take", "[daemon][accounts]") {
  HubFixture hub;
  hub.make_org("acme", "ada");
  hub.make_repo("big", /*hidden=*/true);
  hub.make_repo("small");
  hub.make_repo("acme/shared");
  hub.committed("ada/big", HubFixture::file_line("a", std::string(50'000, 'x')));
  const auto mine = hub.get("/api/settings/repositories", hub.ada);
  REQUIRE(mine.json().as_array().size() == 2);
  const auto& first = mine.json().at(0);
  CHECK(first.at("id") == "ada/big");
  CHECK(first.at("type") == "model");
  CHECK(first.at("visibility") == "private");
  CHECK(first.at("storage").to_number<std::uint64_t>() > 50'000);
  const auto share = first.at("storagePercent").to_number<double>() +
                     mine.json().at(1).at("storagePercent").to_number<double>();
  CHECK(share == Approx(100).margin(0.02));
  CHECK(mine.json().at(1).at("updatedAt").as_string().ends_with("Z"));
  CHECK(hub.get("/api/settings/repositories", hub.bob).json().as_array().empty());
  const auto org = hub.get("/api/organizations/acme/settings/repositories", hub.bob);
  CHECK(org.json().at(0).at("id") == "acme/shared");
  CHECK(hub.get("/api/organizations/none/settings/repositories", hub.bob).status == 404);
}
