#include "storage/meta/accounts/grants.h"

#include "storage/meta/accounts/groups.h"
#include "tests/storage/meta/accounts/accounts_fixture.h"

namespace waag::storage {

using testing::AccountsFixture;

TEST_CASE_METHOD(AccountsFixture, "grants: roles on one repo, found from both sides",
                 "[storage][grants]") {
  auto& grants = store->grants();
  REQUIRE(store->groups().put("Acme", {"Crew", std::nullopt, {}}));
  CHECK(grants.put(repo, {{"", "nobody"}, Role::read, {}}).error().code == Errc::not_found);
  CHECK(grants.put(repo, {{"Acme", "none"}, Role::read, {}}).error().code == Errc::not_found);
  CHECK(grants.put(repo + 9, {{"", "bob"}, Role::read, {}}).error().code == Errc::repo_not_found);
  REQUIRE(grants.put(repo, {{"Acme", "CREW"}, Role::admin, TimeMs(1)}));
  REQUIRE(grants.put(repo, {{"", "BOB"}, Role::read, TimeMs(2)}));
  REQUIRE(grants.put(repo, {{"", "bob"}, Role::write, TimeMs(3)}));
  const auto all = grants.on_repo(repo);
  REQUIRE(all);
  REQUIRE(all->size() == 2);
  CHECK(all->at(0) == GrantRow{{"", "Bob"}, Role::write, TimeMs(3)});
  CHECK(all->at(1) == GrantRow{{"Acme", "Crew"}, Role::admin, TimeMs(1)});
  const auto of_bob = grants.of({"", "Bob"});
  REQUIRE(of_bob);
  REQUIRE(of_bob->size() == 1);
  CHECK(of_bob->at(0).uid == repo);
  CHECK(of_bob->at(0).role == Role::write);
  CHECK(grants.of({"acme", "crew"})->size() == 1);
  CHECK(grants.of({"", "ann"})->empty());
  check_whole();
  REQUIRE(grants.remove(repo, {"", "BOB"}));
  CHECK(grants.remove(repo, {"", "bob"}).error().code == Errc::not_found);
  CHECK(grants.of({"", "Bob"})->empty());
  check_whole();
}

TEST_CASE_METHOD(AccountsFixture, "grants: they end with the repo", "[storage][grants]") {
  auto& grants = store->grants();
  REQUIRE(grants.put(repo, {{"", "bob"}, Role::write, {}}));
  REQUIRE(store->delete_repo(repo, "ann"));
  CHECK(grants.on_repo(repo)->empty());
  CHECK(grants.of({"", "bob"})->empty());
  check_whole();
}

}  // namespace waag::storage
