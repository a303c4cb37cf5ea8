#include "daemon/auth/rights.h"

#include "storage/meta/accounts/grants.h"
#include "storage/meta/accounts/groups.h"
#include "storage/meta/accounts/orgs.h"
#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using storage::Role;
using waag::daemon::testing::HubFixture;

namespace {

Rights rights_of(HubFixture& hub, const char* user) {
  auto rights = load_rights(*hub.store, *hub.store->find_user(user));
  REQUIRE(rights);
  return *std::move(rights);
}

}  // namespace

TEST_CASE("rights: memberships, groups and collaborations add up", "[daemon][rights]") {
  HubFixture hub;
  hub.make_org("Acme", "ada");
  hub.make_repo("Acme/tiny");
  hub.make_repo("tiny");
  const auto theirs = hub.store->find_repo({RepoType::model, "acme", "tiny"})->uid;
  const auto mine = hub.store->find_repo({RepoType::model, "ada", "tiny"})->uid;
  CHECK(rights_of(hub, "bob").namespaces.empty());
  REQUIRE(hub.store->orgs().put_member("acme", "bob", Role::read, {}));
  CHECK(rights_of(hub, "BOB").namespaces.at("acme") == Role::read);
  REQUIRE(hub.store->groups().put("acme", {"Crew", Role::contribute, {}}));
  REQUIRE(hub.store->groups().put("acme", {"pack", std::nullopt, {}}));
  REQUIRE(hub.store->groups().add_member("acme", "crew", "bob"));
  REQUIRE(hub.store->groups().add_member("acme", "pack", "bob"));
  REQUIRE(hub.store->grants().put(theirs, {{"Acme", "pack"}, Role::write, {}}));
  REQUIRE(hub.store->grants().put(mine, {{"", "bob"}, Role::read, {}}));
  const auto rights = rights_of(hub, "bob");
  CHECK(rights.namespaces.at("acme") == Role::contribute);
  REQUIRE(rights.repos.size() == 2);
  CHECK(rights.repos.find(theirs)->second.role == Role::write);
  CHECK(rights.repos.find(theirs)->second.org == "acme");
  CHECK(rights.repos.find(mine)->second.org.empty());
  REQUIRE(hub.store->orgs().remove_member("acme", "bob"));
  const auto left = rights_of(hub, "bob");
  CHECK(left.namespaces.empty());
  CHECK(left.repos.size() == 1);
}

TEST_CASE("rights: rows of a group that its member left behind give nothing", "[daemon][rights]") {
  HubFixture hub;
  hub.make_org("acme", "ada");
  REQUIRE(hub.store->groups().put("acme", {"crew", Role::admin, {}}));
  storage::Transaction damage;
  damage.puts.push_back({storage::keys::user_group("bob", "acme", "crew"), storage::plain_row()});
  REQUIRE(hub.store->rows().apply(damage));
  CHECK(rights_of(hub, "bob").namespaces.empty());
}

TEST_CASE("rights: a service account has what its tokens name, nothing else", "[daemon][rights]") {
  HubFixture hub;
  hub.make_org("acme", "ada");
  hub.make_service("mirror");
  REQUIRE(hub.store->orgs().put_member("acme", "mirror", Role::admin, {}));
  CHECK(rights_of(hub, "mirror").service->empty());
  hub.make_fine_token("mirror", {{"acme", {}, Role::read}});
  hub.make_fine_token("mirror", {{"bob", {}, Role::write}});
  const auto rights = rights_of(hub, "mirror");
  CHECK(rights.namespaces.empty());
  CHECK(rights.service->size() == 2);
  CHECK_FALSE(rights_of(hub, "ada").service);
}
