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

TEST_CASE_METHOD(StoreFixture, "repo table: a move leaves a redirect, one hop however often",
                 "[storage][repo_table]") {
  const auto model = [](const std::string& name) { return RepoId{RepoType::model, "acme", name}; };
  const auto uid = make_repo("a");
  const auto head_before = head(uid);
  const auto moved = store->move_repo(uid, {RepoType::model, "other", "B"});
  REQUIRE(moved);
  CHECK(moved->uid == uid);
  CHECK(moved->id.full_name() == "other/B");
  CHECK(*store->find_repo_by_uid(uid) == *moved);
  CHECK(*store->find_repo({RepoType::model, "other", "b"}) == *moved);
  CHECK(store->find_repo(model("a")).error().code == Errc::repo_not_found);
  CHECK(head(uid) == head_before);
  REQUIRE(store->move_repo(uid, model("c")));
  CHECK(store->find_moved_repo(model("A"))->id == model("c"));
  CHECK(store->find_moved_repo({RepoType::model, "other", "b"})->id == model("c"));
  CHECK(store->find_moved_repo(model("c")).error().code == Errc::repo_not_found);
  CHECK(store->find_moved_repo({RepoType::dataset, "acme", "a"}).error().code ==
        Errc::repo_not_found);
  // Back again: the name is its own, nothing leads away from it.
  REQUIRE(store->move_repo(uid, model("a")));
  CHECK(store->find_moved_repo(model("a")).error().code == Errc::repo_not_found);
  CHECK(store->find_moved_repo(model("c"))->uid == uid);
  commit(uid, {put("x", "works on")});
  CHECK(fsck(*store)->problems.empty());
}

TEST_CASE_METHOD(StoreFixture, "repo table: a new repo takes a former name, a deletion ends it",
                 "[storage][repo_table]") {
  const auto uid = make_repo("a");
  REQUIRE(store->move_repo(uid, {RepoType::model, "acme", "b"}));
  const auto next = make_repo("a");
  CHECK(next != uid);
  CHECK(store->find_moved_repo({RepoType::model, "acme", "a"}).error().code ==
        Errc::repo_not_found);
  REQUIRE(store->move_repo(next, {RepoType::model, "acme", "c"}));
  REQUIRE(store->delete_repo(next, "ann"));
  CHECK(store->find_moved_repo({RepoType::model, "acme", "a"}).error().code ==
        Errc::repo_not_found);
  CHECK(fsck(*store)->problems.empty());
  CHECK(RepoTable(store->rows()).redirects_to(next)->empty());
}

TEST_CASE_METHOD(StoreFixture, "repo table: what a move refuses, and another spelling",
                 "[storage][repo_table]") {
  const auto uid = make_repo("a");
  make_repo("taken");
  CHECK(store->move_repo(uid, {RepoType::model, "acme", "TAKEN"}).error().code == Errc::conflict);
  CHECK(store->move_repo(uid, {RepoType::dataset, "acme", "b"}).error().code ==
        Errc::invalid_argument);
  CHECK(store->move_repo(uid, {RepoType::model, "acme", ".."}).error().code ==
        Errc::invalid_argument);
  CHECK(store->move_repo(99, {RepoType::model, "acme", "b"}).error().code == Errc::repo_not_found);
  CHECK(store->find_repo_by_uid(uid)->id.full_name() == "acme/a");
  REQUIRE(store->move_repo(uid, {RepoType::model, "Acme", "A"}));
  CHECK(store->find_repo({RepoType::model, "acme", "a"})->id.full_name() == "Acme/A");
  CHECK(store->find_moved_repo({RepoType::model, "acme", "a"}).error().code ==
        Errc::repo_not_found);
  CHECK(fsck(*store)->problems.empty());
}

}  // namespace waag::storage
