#include "storage/meta/accounts/orgs.h"

#include "storage/meta/accounts/grants.h"
#include "storage/meta/accounts/groups.h"
#include "tests/storage/meta/accounts/accounts_fixture.h"

namespace waag::storage {

using testing::AccountsFixture;

TEST_CASE_METHOD(AccountsFixture, "orgs: users and organisations share one space of names",
                 "[storage][orgs]") {
  auto& orgs = store->orgs();
  CHECK(orgs.add({"ANN", "", Visibility::open, {}}, "").error().code == Errc::conflict);
  CHECK(orgs.add({"ACME", "", Visibility::open, {}}, "").error().code == Errc::conflict);
  UserRow user;
  user.name = "aCme";
  CHECK(store->add_user(user).error().code == Errc::conflict);
  CHECK(orgs.add({"Other", "", Visibility::open, {}}, "nobody").error().code == Errc::not_found);
  CHECK(orgs.find("Other").error().code == Errc::not_found);
  CHECK(orgs.find("ACME")->name == "Acme");
  CHECK(orgs.list()->size() == 1);
}

TEST_CASE_METHOD(AccountsFixture, "orgs: members are found from both sides", "[storage][orgs]") {
  auto& orgs = store->orgs();
  REQUIRE(orgs.put_member("ACME", "BOB", Role::read, TimeMs(1)));
  REQUIRE(orgs.put_member("acme", "bob", Role::write, TimeMs(2)));
  const auto members = orgs.members("Acme");
  REQUIRE(members);
  REQUIRE(members->size() == 2);
  CHECK(members->at(0) == MemberRow{"Ann", Role::admin, TimeMs(0)});
  CHECK(members->at(1) == MemberRow{"Bob", Role::write, TimeMs(1)});  // since the first time
  const auto memberships = orgs.memberships("BOB");
  REQUIRE(memberships);
  REQUIRE(memberships->size() == 1);
  CHECK(memberships->at(0).org.name == "Acme");
  CHECK(memberships->at(0).role == Role::write);
  CHECK(orgs.put_member("Acme", "nobody", Role::read, {}).error().code == Errc::not_found);
  CHECK(orgs.put_member("None", "bob", Role::read, {}).error().code == Errc::not_found);

  REQUIRE(store->groups().put("Acme", {"crew", Role::admin, {}}));
  REQUIRE(store->groups().add_member("Acme", "crew", "bob"));
  REQUIRE(orgs.remove_member("ACME", "BOB"));
  CHECK(orgs.remove_member("Acme", "Bob").error().code == Errc::not_found);
  CHECK_FALSE(*orgs.find_member("Acme", "Bob"));
  CHECK(orgs.memberships("Bob")->empty());
  CHECK(store->groups().groups_of("Bob")->empty());
  check_whole();
}

TEST_CASE_METHOD(AccountsFixture, "orgs: change and remove", "[storage][orgs]") {
  auto& orgs = store->orgs();
  const auto changed = orgs.change("acme", {.new_repos = Visibility::closed});
  REQUIRE(changed);
  CHECK(changed->new_repos == Visibility::closed);
  CHECK(changed->full_name == "Acme Inc.");
  CHECK(orgs.change("ACME", {.full_name = "A"})->full_name == "A");
  CHECK(orgs.change("none", {}).error().code == Errc::not_found);

  REQUIRE(store->groups().put("Acme", {"crew", std::nullopt, {}}));
  REQUIRE(store->groups().add_member("Acme", "crew", "ann"));
  REQUIRE(store->grants().put(repo, {{"Acme", "crew"}, Role::read, {}}));
  REQUIRE(orgs.remove("ACME"));
  CHECK(orgs.find("Acme").error().code == Errc::not_found);
  CHECK(orgs.memberships("ann")->empty());
  CHECK(store->grants().on_repo(repo)->empty());
  CHECK(orgs.remove("Acme").error().code == Errc::not_found);
  check_whole();
}

}  // namespace waag::storage
