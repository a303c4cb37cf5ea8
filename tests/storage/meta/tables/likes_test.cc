#include "storage/meta/tables/likes.h"

#include <thread>

#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

TEST_CASE_METHOD(StoreFixture, "likes: both ways and counted", "[storage][likes]") {
  auto& likes = store->likes();
  const auto a = *store->find_repo_by_uid(make_repo("a"));
  const auto b = *store->find_repo_by_uid(make_repo("b"));
  CHECK(*likes.count(a.uid) == 0);
  REQUIRE(likes.set(a, "Ann", true, TimeMs(5)));
  REQUIRE(likes.set(a, "ann", true, TimeMs(6)));
  REQUIRE(likes.set(a, "bob", true, TimeMs(7)));
  REQUIRE(likes.set(b, "ann", true, TimeMs(8)));
  CHECK(*likes.has(a.uid, "ANN"));
  CHECK_FALSE(*likes.has(b.uid, "bob"));
  CHECK(*likes.count(a.uid) == 2);
  const auto likers = likes.of_repo(a.uid, "", 10);
  REQUIRE(likers->size() == 2);
  CHECK(likers->at(0).user == "ann");
  CHECK(likers->at(0).at == TimeMs(5));
  CHECK(likes.of_repo(a.uid, "ann", 10)->front().user == "bob");
  CHECK(likes.of_repo(a.uid, "", 1)->size() == 1);
  CHECK(likes.of_repo(a.uid, "", 0)->empty());
  const auto liked = likes.of_user("Ann", 0, 10);
  REQUIRE(liked->size() == 2);
  CHECK(liked->at(0).uid == a.uid);
  CHECK(liked->at(1).at == TimeMs(8));
  CHECK(likes.of_user("ann", a.uid, 10)->size() == 1);
  CHECK(likes.of_user("an", 0, 10)->empty());
  CHECK(fsck(*store)->problems.empty());
  REQUIRE(likes.set(a, "ann", false, TimeMs(9)));
  REQUIRE(likes.set(a, "ann", false, TimeMs(9)));
  REQUIRE(likes.set(b, "ann", false, TimeMs(9)));
  CHECK(*likes.count(a.uid) == 1);
  CHECK(*likes.count(b.uid) == 0);
  CHECK(likes.of_user("ann", 0, 10)->empty());
  CHECK(fsck(*store)->problems.empty());
}

TEST_CASE_METHOD(StoreFixture, "likes: go with their repo, come back with it", "[storage][likes]") {
  auto& likes = store->likes();
  const auto a = *store->find_repo_by_uid(make_repo("a"));
  const auto b = *store->find_repo_by_uid(make_repo("b"));
  for (const auto* user : {"ann", "bob"}) {
    REQUIRE(likes.set(a, user, true, TimeMs(5)));
    REQUIRE(likes.set(b, user, true, TimeMs(5)));
  }
  REQUIRE(store->trash_repo(a.uid, "ann"));
  CHECK(likes.set(a, "cid", true, TimeMs(6)).error().code == Errc::repo_not_found);
  REQUIRE(store->restore_repo(a.uid, a.id));
  CHECK(*likes.count(a.uid) == 2);
  REQUIRE(store->delete_repo(a.uid, "ann"));
  CHECK(*likes.count(a.uid) == 0);
  CHECK(likes.of_repo(a.uid, "", 10)->empty());
  CHECK(likes.of_user("ann", 0, 10)->size() == 1);
  CHECK(*likes.count(b.uid) == 2);
  CHECK(fsck(*store)->problems.empty());
}

TEST_CASE_METHOD(StoreFixture, "likes: none is lost when many come at once", "[storage][likes]") {
  const auto repo = *store->find_repo_by_uid(make_repo("a"));
  std::vector<std::thread> threads;
  std::array<Status, 4> done;
  for (std::size_t i = 0; i < done.size(); ++i)
    threads.emplace_back([&, i] {
      done[i] = store->likes().set(repo, "user" + std::to_string(i), true, TimeMs(1));
    });
  for (auto& thread : threads) thread.join();
  for (const auto& status : done) CHECK(status);
  CHECK(*store->likes().count(repo.uid) == done.size());
  CHECK(fsck(*store)->problems.empty());
}

}  // namespace waag::storage
