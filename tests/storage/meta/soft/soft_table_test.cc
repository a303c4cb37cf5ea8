#include "storage/meta/soft/soft_table.h"

#include <catch2/catch.hpp>

#include "tests/support/store_fixture.h"

using namespace waag;
using namespace waag::storage;
using waag::testing::StoreFixture;

TEST_CASE("soft_table: rows of repos, kept over a restart", "[storage][soft]") {
  StoreFixture fixture;
  const auto one = fixture.make_repo("one");
  const auto two = fixture.make_repo("two");
  CHECK_FALSE(*fixture.store->downloads().find(one));
  REQUIRE(fixture.store->downloads().put({{one, "1"}, {two, "2"}}));
  REQUIRE(fixture.store->summaries().put({{one, "s"}}));
  fixture.reopen();
  CHECK(**fixture.store->downloads().find(one) == "1");
  CHECK(**fixture.store->downloads().find(two) == "2");
  CHECK(**fixture.store->summaries().find(one) == "s");
  CHECK_FALSE(*fixture.store->summaries().find(two));
  REQUIRE(fixture.store->downloads().put({}));
}

TEST_CASE("soft_table: a row goes with its repo and does not come back", "[storage][soft]") {
  StoreFixture fixture;
  const auto uid = fixture.make_repo("one");
  const auto other = fixture.make_repo("two");
  REQUIRE(fixture.store->downloads().put({{uid, "1"}}));
  REQUIRE(fixture.store->summaries().put({{uid, "s"}}));
  REQUIRE(fixture.store->delete_repo(uid, "ann"));
  CHECK_FALSE(*fixture.store->downloads().find(uid));
  CHECK_FALSE(*fixture.store->summaries().find(uid));
  REQUIRE(fixture.store->downloads().put({{uid, "late"}, {other, "2"}}));
  CHECK_FALSE(*fixture.store->downloads().find(uid));
  CHECK(**fixture.store->downloads().find(other) == "2");
  const auto report = fsck(*fixture.store);
  REQUIRE(report);
  CHECK(report->problems.empty());
}
