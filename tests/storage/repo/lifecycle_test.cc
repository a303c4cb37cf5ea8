#include "storage/repo/lifecycle.h"

#include <thread>

#include "storage/meta/accounts/grants.h"
#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

namespace {

std::size_t rows_of(Store& store, char kind) {
  std::size_t count = 0;
  REQUIRE(store.rows().scan(std::string(1, kind), "", [&](std::string_view, std::string_view) {
    ++count;
    return true;
  }));
  return count;
}

}  // namespace

TEST_CASE_METHOD(StoreFixture, "repos: created with their first commit, found in any case",
                 "[storage][repos]") {
  NewRepo repo;
  repo.id = {RepoType::space, "Acme", "Tiny-Demo"};
  repo.visibility = Visibility::closed;
  repo.creator = "ann";
  repo.sdk = "static";
  repo.gitattributes = "*.bin filter=lfs\n";
  const auto made = store->create_repo(repo);
  REQUIRE(made);
  CHECK(made->uid == 1);
  CHECK(made->visibility == Visibility::closed);
  CHECK(made->sdk == "static");
  CHECK(made->created == clock.now());
  const auto found = store->find_repo({RepoType::space, "aCME", "tiny-demo"});
  REQUIRE(found);
  CHECK(*found == *made);
  CHECK(found->id.full_name() == "Acme/Tiny-Demo");
  CHECK(*store->find_repo_by_uid(1) == *made);
  CHECK(store->find_repo({RepoType::model, "Acme", "Tiny-Demo"}).error().code ==
        Errc::repo_not_found);
  CHECK(store->find_repo_by_uid(2).error().code == Errc::repo_not_found);

  const auto id = head(1);
  const auto first = snapshot(1, id);
  CHECK(first->commit().message == "initial commit");
  CHECK(first->commit().author_name == "ann");
  CHECK(first->commit().parents.empty());
  const auto entries = first->list("", true, "", 0);
  REQUIRE(entries);
  REQUIRE(entries->size() == 1);
  CHECK(entries->front().path == ".gitattributes");
  CHECK(read(entries->front()) == "*.bin filter=lfs\n");

  repo.id.name = "With-Card";
  repo.readme = "# Card\n";
  const auto with_card = store->create_repo(repo);
  REQUIRE(with_card);
  const auto card = snapshot(with_card->uid, head(with_card->uid))->stat("README.md");
  REQUIRE(card);
  CHECK(read(*card) == "# Card\n");

  repo.id.name = "TINY-DEMO";
  CHECK(store->create_repo(repo).error().code == Errc::conflict);
  repo.id.name = "..";
  CHECK(store->create_repo(repo).error().code == Errc::invalid_argument);
  CHECK(make_repo("next") == 3);
}

TEST_CASE_METHOD(StoreFixture, "repos: visibility changes, nothing else does", "[storage][repos]") {
  const auto uid = make_repo("tiny");
  auto want = *store->find_repo_by_uid(uid);
  REQUIRE(store->change_repo(uid, {.visibility = Visibility::closed}));
  want.visibility = Visibility::closed;
  CHECK(*store->find_repo_by_uid(uid) == want);
  CHECK(store->change_repo(99, {.visibility = Visibility::open}).error().code ==
        Errc::repo_not_found);
}

TEST_CASE_METHOD(StoreFixture, "repos: listed by name, page by page", "[storage][repos]") {
  for (const auto* name : {"b", "A", "c", "a-b"}) make_repo(name);
  make_repo("x", "aaa");
  const auto names = [&](std::string_view after, std::size_t limit) {
    const auto rows = store->list_repos(RepoType::model, after, limit);
    REQUIRE(rows);
    std::vector<std::string> found;
    for (const auto& row : *rows) found.push_back(row.id.full_name());
    return found;
  };
  using Names = std::vector<std::string>;
  CHECK(names("", 100) == Names{"aaa/x", "acme/A", "acme/a-b", "acme/b", "acme/c"});
  CHECK(names("", 2) == Names{"aaa/x", "acme/A"});
  CHECK(names("acme/a", 2) == Names{"acme/a-b", "acme/b"});
  CHECK(names("acme/c", 2).empty());
  CHECK(store->list_repos(RepoType::dataset, "", 10)->empty());
}

TEST_CASE_METHOD(StoreFixture, "repos: deleted with every row of theirs, uids never come back",
                 "[storage][repos]") {
  UserRow user;
  user.name = "ann";
  REQUIRE(store->add_user(user));
  const auto kept = make_repo("kept");
  const auto gone = make_repo("gone");
  const auto weights = put_lfs("m.bin", testing::noise(1, 200'000));
  REQUIRE(store->record_possession("ann", gone, weights.lfs));
  REQUIRE(store->record_possession("ann", kept, weights.lfs));
  commit(kept, {weights});
  auto keyed = request(gone, {weights});
  keyed.replay_key = sha256(as_bytes("k"));
  REQUIRE(store->commit(keyed));
  REQUIRE(store->move_ref(gone, "refs/tags/v1", std::nullopt, head(gone), "ann"));
  const auto gone_head = head(gone);
  for (const auto uid : {kept, gone})
    REQUIRE(store->discussions().create(uid, {"ann", TimeMs(1)}, "Title", "Text"));

  REQUIRE(store->delete_repo(gone, "ann"));
  CHECK(store->find_repo({RepoType::model, "acme", "gone"}).error().code == Errc::repo_not_found);
  CHECK(store->delete_repo(gone, "ann").error().code == Errc::repo_not_found);
  CHECK(store->resolve(gone, "main").error().code == Errc::revision_not_found);
  CHECK(store->snapshot(gone, gone_head).error().code == Errc::revision_not_found);
  CHECK(store->commit(keyed).error().code == Errc::repo_not_found);
  CHECK(store->move_ref(gone, "refs/heads/x", std::nullopt, gone_head, "ann").error().code ==
        Errc::repo_not_found);
  CHECK(*store->repo_has_blob(gone, weights.lfs) == false);
  CHECK(*store->has_uploaded("ann", gone, weights.lfs) == false);
  CHECK(*store->has_uploaded("ann", kept, weights.lfs));
  CHECK(*store->holders(weights.lfs, 10) == std::vector{kept});
  CHECK(rows_of(*store, 'h') == 1);
  CHECK(rows_of(*store, 'H') == 2);
  CHECK(rows_of(*store, 'C') == 2);
  CHECK(rows_of(*store, 'k') == 0);
  CHECK(rows_of(*store, 'd') == 1);
  CHECK(rows_of(*store, 'e') == 1);
  CHECK_FALSE(*store->rows().get(DiscussionTable::counter_key(gone)));
  CHECK(fsck(*store)->problems.empty());
  CHECK(files_of(kept, head(kept)).size() == 1);
  CHECK(make_repo("gone") == gone + 1);
}

TEST_CASE_METHOD(StoreFixture, "repos: a deletion that a crash cut short ends at the next start",
                 "[storage][repos]") {
  const auto uid = make_repo("gone");
  commit(uid, {put_lfs("m.bin", "weights")});
  // What the first step of a deletion leaves.
  Transaction step;
  RepoTable::remove(step, *store->find_repo_by_uid(uid));
  step.puts.push_back({keys::counter("deleting/" + std::to_string(uid)), plain_row()});
  REQUIRE(store->rows().apply(step));
  CHECK_FALSE(fsck(*store)->problems.empty());
  reopen();
  CHECK(fsck(*store)->problems.empty());
  CHECK(rows_of(*store, 'h') == 0);
  CHECK(rows_of(*store, 'l') == 0);
}

TEST_CASE_METHOD(StoreFixture, "trash: nothing finds a deleted repo, its name is free",
                 "[storage][repos]") {
  const RepoId id{RepoType::model, "acme", "gone"};
  const auto uid = make_repo("gone");
  const auto weights = put_lfs("m.bin", "weights");
  const auto last = commit(uid, {weights});
  REQUIRE(store->change_repo(uid, {.visibility = Visibility::closed}));
  UserRow user;
  user.name = "bob";
  REQUIRE(store->add_user(user));
  REQUIRE(store->grants().put(uid, {{"", "bob"}, Role::write, {}}));
  const auto row = *store->find_repo(id);
  REQUIRE(store->trash_repo(uid, "bob"));
  CHECK(store->find_repo(id).error().code == Errc::repo_not_found);
  CHECK(store->find_repo_by_uid(uid).error().code == Errc::repo_not_found);
  CHECK(store->list_repos(RepoType::model, "", 10)->empty());
  CHECK(store->trash_repo(uid, "bob").error().code == Errc::repo_not_found);
  CHECK(store->delete_repo(uid, "bob").error().code == Errc::repo_not_found);
  CHECK(store->move_repo(uid, id).error().code == Errc::repo_not_found);
  CHECK(commit_error(uid, {put("a", "1")}) == Errc::repo_not_found);
  const auto trash = store->list_trash();
  REQUIRE(trash->size() == 1);
  CHECK(trash->front() == TrashRow{row, clock.now(), "bob"});
  CHECK(fsck(*store)->problems == std::vector<std::string>{});
  const auto next = make_repo("gone");
  CHECK(next != uid);
  CHECK(store->restore_repo(uid, id).error().code == Errc::conflict);
  CHECK(store->restore_repo(uid, {RepoType::space, "acme", "x"}).error().code ==
        Errc::invalid_argument);
  CHECK(store->restore_repo(next, id).error().code == Errc::not_found);
  reopen();
  const auto back = store->restore_repo(uid, {RepoType::model, "acme", "Back"});
  REQUIRE(back);
  CHECK(back->uid == uid);
  CHECK(back->visibility == Visibility::closed);
  CHECK(head(uid) == last);
  CHECK(files_of(uid, last).at("m.bin") == "weights");
  CHECK(store->list_trash()->empty());
  CHECK(fsck(*store)->problems == std::vector<std::string>{});
}

TEST_CASE_METHOD(StoreFixture, "trash: emptied of what has been there long enough",
                 "[storage][repos]") {
  const auto kept = TimeMs(1000);
  const auto first = make_repo("a");
  const auto second = make_repo("b");
  commit(first, {put_lfs("m.bin", "weights")});
  REQUIRE(store->move_repo(first, {RepoType::model, "acme", "c"}));
  REQUIRE(store->trash_repo(first, "ann"));
  clock.advance(TimeMs(600));
  REQUIRE(store->trash_repo(second, "ann"));
  CHECK(store->list_trash()->front().repo.uid == second);
  clock.advance(TimeMs(399));
  CHECK(*store->empty_trash(kept) == 0);
  CHECK(store->list_trash()->size() == 2);
  clock.advance(TimeMs(1));
  CHECK(*store->empty_trash(kept) == 1);
  REQUIRE(store->list_trash()->size() == 1);
  CHECK(store->list_trash()->front().repo.uid == second);
  CHECK(*store->repo_has_blob(first, sha256(as_bytes("weights"))) == false);
  CHECK(rows_of(*store, 'R') == 0);
  CHECK(fsck(*store)->problems.empty());
  CHECK(*store->empty_trash(TimeMs(0)) == 1);
  for (const char kind : {'q', 'h', 'H', 'C', 'l', 'L', 'r', 'o'})
    CHECK(rows_of(*store, kind) == 0);
}

TEST_CASE_METHOD(StoreFixture, "repos: of creators of one name that race, one wins",
                 "[storage][repos]") {
  constexpr std::size_t racers = 4;
  std::array<Result<RepoRow>, 2 * racers> made;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < made.size(); ++i)
    threads.emplace_back([&, i] {
      NewRepo repo;
      repo.id = {RepoType::model, "acme", i < racers ? "same" : "own" + std::to_string(i)};
      repo.creator = "ann";
      made[i] = store->create_repo(repo);
    });
  for (auto& thread : threads) thread.join();
  std::size_t won = 0;
  std::map<std::uint64_t, int> uids;
  for (std::size_t i = 0; i < made.size(); ++i) {
    if (made[i]) ++uids[made[i]->uid];
    if (i >= racers)
      CHECK(made[i]);
    else if (made[i])
      ++won;
    else
      CHECK(made[i].error().code == Errc::conflict);
  }
  CHECK(won == 1);
  CHECK(uids.size() == racers + 1);
}

}  // namespace waag::storage
