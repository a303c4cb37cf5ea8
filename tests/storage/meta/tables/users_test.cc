#include "storage/meta/tables/users.h"

#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

TEST_CASE_METHOD(StoreFixture, "users: one per name, whatever its case", "[storage][users]") {
  UserTable users(store->rows());
  UserRow ann;
  ann.name = "Ann";
  ann.email = "ann@example.org";
  REQUIRE(users.put(ann, /*must_be_new=*/true));
  ann.name = "ANN";
  CHECK(users.put(ann, true).error().code == Errc::conflict);
  CHECK(users.find("ann")->name == "Ann");
  ann.disabled = true;
  REQUIRE(users.put(ann, false));
  CHECK(users.find("ann")->disabled);
  CHECK(users.find("an").error().code == Errc::not_found);
  UserRow bob;
  bob.name = "bob";
  REQUIRE(users.put(bob, true));
  const auto all = users.list();
  REQUIRE(all);
  REQUIRE(all->size() == 2);
  CHECK(all->at(0).name == "ANN");
  CHECK(all->at(1).name == "bob");
}

}  // namespace waag::storage
