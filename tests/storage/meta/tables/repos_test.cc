#include "storage/meta/tables/repos.h"

#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

TEST_CASE_METHOD(StoreFixture, "repo table: two transactions cannot take one uid or name",
                 "[storage][repo_table]") {
  RepoTable repos(store->rows());
  RepoRow a;
  a.id = {RepoType::model, "ns", "a"};
  RepoRow b;
  b.id = {RepoType::model, "ns", "b"};
  Transaction add_a;
  Transaction add_b;
  REQUIRE(repos.add(add_a, a));
  REQUIRE(repos.add(add_b, b));
  CHECK(a.uid == b.uid);
  REQUIRE(store->rows().apply(add_a));
  CHECK(store->rows().apply(add_b).error().code == Errc::conflict);
  Transaction again;
  REQUIRE(repos.add(again, b));
  CHECK(b.uid == a.uid + 1);
  a.id.name = "A";
  Transaction taken;
  CHECK(repos.add(taken, a).error().code == Errc::conflict);
}

TEST_CASE_METHOD(StoreFixture, "repo table: what counts on a repo fails once it is gone",
                 "[storage][repo_table]") {
  const auto uid = make_repo("tiny");
  RepoTable repos(store->rows());
  const auto row = repos.find_uid(uid);
  REQUIRE(row);
  Transaction late;
  RepoTable::expect_alive(late, *row);
  late.puts.push_back({keys::counter("late"), "x"});
  REQUIRE(store->delete_repo(uid, "ann"));
  CHECK(store->rows().apply(late).error().code == Errc::conflict);
  CHECK(repos.find_uid(uid).error().code == Errc::repo_not_found);
}

}  // namespace waag::storage
