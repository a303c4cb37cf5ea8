#include "storage/meta/tables/users.h"

#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

TEST_CASE_METHOD(StoreFixture, "users: one per name, whatever its case", "[storage][users]") {
  UserTable users(store->rows());
  UserRow ann;
  ann.name = "Ann";
  ann.email = "ann@example.org";
  REQUIRE(users.add(ann));
  ann.name = "ANN";
  CHECK(users.add(ann).error().code == Errc::conflict);
  CHECK(users.find("ann")->name == "Ann");
  REQUIRE(users.change("ANN", {.disabled = true}));
  REQUIRE(users.change("ann", {.auditor = true, .password_hash = "$x"}));
  CHECK(users.find("ann")->disabled);
  CHECK(users.find("ann")->auditor);
  CHECK(users.find("ann")->password_hash == "$x");
  CHECK(users.find("ann")->email == "ann@example.org");
  CHECK_FALSE(users.find("ann")->hub_admin);
  CHECK(users.change("none", {}).error().code == Errc::not_found);
  CHECK(users.find("an").error().code == Errc::not_found);
  UserRow bob;
  bob.name = "bob";
  REQUIRE(users.add(bob));
  const auto all = users.list();
  REQUIRE(all);
  REQUIRE(all->size() == 2);
  CHECK(all->at(0).name == "Ann");
  CHECK(all->at(1).name == "bob");
}

TEST_CASE_METHOD(StoreFixture, "users: a service account gets no role and no password",
                 "[storage][users]") {
  UserTable users(store->rows());
  UserRow job;
  job.name = "mirror";
  job.service = true;
  REQUIRE(users.add(job));
  CHECK(users.change("mirror", {.hub_admin = true}).error().code == Errc::invalid_argument);
  CHECK(users.change("mirror", {.auditor = true}).error().code == Errc::invalid_argument);
  CHECK(users.change("mirror", {.password_hash = "$x"}).error().code == Errc::invalid_argument);
  CHECK(users.change("mirror", {.full_name = "Job", .disabled = true})->service);
  job.name = "other";
  job.hub_admin = true;
  CHECK(users.add(job).error().code == Errc::invalid_argument);
}

}  // namespace waag::storage
