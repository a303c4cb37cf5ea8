#include "storage/meta/accounts/groups.h"

#include "storage/meta/accounts/grants.h"
#include "tests/storage/meta/accounts/accounts_fixture.h"

namespace waag::storage {

using testing::AccountsFixture;

TEST_CASE_METHOD(AccountsFixture, "groups: of members only, found from both sides",
                 "[storage][groups]") {
  auto& groups = store->groups();
  CHECK(groups.put("None", {"crew", Role::read, {}}).error().code == Errc::not_found);
  REQUIRE(groups.put("Acme", {"Crew", std::nullopt, TimeMs(1)}));
  REQUIRE(groups.put("ACME", {"CREW", Role::write, TimeMs(2)}));
  CHECK(*groups.find("acme", "crew") == GroupRow{"Crew", Role::write, TimeMs(1)});
  CHECK(groups.list("Acme")->size() == 1);
  CHECK(groups.add_member("Acme", "crew", "bob").error().code == Errc::not_found);
  CHECK(groups.add_member("Acme", "none", "ann").error().code == Errc::not_found);
  REQUIRE(groups.add_member("Acme", "crew", "ANN"));
  CHECK(*groups.members("acme", "CREW") == std::vector<std::string>{"ann"});
  const auto mine = groups.groups_of("Ann");
  REQUIRE(mine);
  REQUIRE(mine->size() == 1);
  CHECK(mine->at(0).org == "acme");
  CHECK(mine->at(0).group.role == Role::write);
  REQUIRE(groups.remove_member("Acme", "crew", "Ann"));
  CHECK(groups.remove_member("Acme", "crew", "Ann").error().code == Errc::not_found);
  CHECK(groups.groups_of("Ann")->empty());
  check_whole();
}

TEST_CASE_METHOD(AccountsFixture, "groups: their end takes members and roles with it",
                 "[storage][groups]") {
  auto& groups = store->groups();
  REQUIRE(groups.put("Acme", {"crew", Role::read, {}}));
  REQUIRE(groups.put("Acme", {"crew2", Role::read, {}}));
  REQUIRE(groups.add_member("Acme", "crew", "ann"));
  REQUIRE(groups.add_member("Acme", "crew2", "ann"));
  REQUIRE(store->grants().put(repo, {{"Acme", "crew"}, Role::write, {}}));
  REQUIRE(groups.remove("ACME", "CREW"));
  CHECK(groups.remove("Acme", "crew").error().code == Errc::not_found);
  CHECK(groups.groups_of("ann")->size() == 1);
  CHECK(store->grants().on_repo(repo)->empty());
  REQUIRE(groups.put("Acme", {"crew", Role::admin, {}}));  // another one of that name
  CHECK(groups.members("Acme", "crew")->empty());
  check_whole();
}

}  // namespace waag::storage
