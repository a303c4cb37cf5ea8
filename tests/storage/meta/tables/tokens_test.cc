#include "storage/meta/tables/tokens.h"

#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

TEST_CASE_METHOD(StoreFixture, "tokens: found by id and by user, gone when deleted",
                 "[storage][tokens]") {
  TokenTable tokens(store->rows());
  TokenRow row;
  row.user = "Ann";
  for (const auto* id : {"b", "a"}) {
    row.public_id = id;
    REQUIRE(tokens.put(row));
  }
  row.user = "Anna";
  row.public_id = "c";
  REQUIRE(tokens.put(row));
  CHECK(tokens.find("a")->user == "Ann");
  CHECK(tokens.find("A").error().code == Errc::not_found);  // ids are secrets' names: exact
  const auto list = tokens.list("ann");
  REQUIRE(list);
  REQUIRE(list->size() == 2);
  CHECK(list->at(0).public_id == "a");

  row.public_id = "a";  // changes hands
  REQUIRE(tokens.put(row));
  CHECK(tokens.list("ann")->size() == 1);
  CHECK(tokens.list("anna")->size() == 2);

  REQUIRE(tokens.remove("b"));
  CHECK(tokens.find("b").error().code == Errc::not_found);
  CHECK(tokens.list("ann")->empty());
  CHECK(tokens.remove("b").error().code == Errc::not_found);
}

}  // namespace waag::storage
