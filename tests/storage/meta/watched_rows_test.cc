#include "storage/meta/watched_rows.h"

#include <catch2/catch.hpp>

#include "storage/meta/keys.h"
#include "storage/meta/repo_rows.h"
#include "tests/support/memory_row_store.h"
#include "tests/support/store_fixture.h"

using namespace waag;
using namespace waag::storage;
using waag::testing::MemoryRowStore;
using waag::testing::StoreFixture;

using Uids = std::vector<std::uint64_t>;

TEST_CASE("watched_rows: which repos a transaction touches", "[storage][watched_rows]") {
  Transaction transaction;
  transaction.puts.push_back({keys::ref(7, "refs/heads/main"), "x"});
  transaction.puts.push_back({keys::ref(8, "refs/heads/other"), "x"});
  transaction.puts.push_back({keys::ref(9, "refs/pr/1"), "x"});
  transaction.puts.push_back({keys::counter("n"), "x"});
  transaction.puts.push_back({keys::repo_commit(10, CommitId{}), "x"});
  CHECK(touched_repos(transaction) == Uids{7});
  transaction.dels.push_back(keys::repo_uid(11));
  transaction.dels.push_back(keys::ref(7, "refs/heads/main"));
  CHECK(touched_repos(transaction) == Uids{7, 11});

  RepoRow repo;
  repo.uid = 12;
  repo.id = {RepoType::model, "acme", "tiny"};
  Transaction settings;
  settings.puts.push_back({keys::repo(repo.id), encode(repo)});
  CHECK(touched_repos(settings) == Uids{12});
}

TEST_CASE("watched_rows: which repos a transaction links anew", "[storage][watched_rows]") {
  WatchedRows rows(std::make_unique<MemoryRowStore>());
  Transaction transaction;
  transaction.puts.push_back({keys::link(7, BlobId{}), "x"});
  transaction.puts.push_back({keys::holder(BlobId{}, 8), "x"});
  transaction.puts.push_back({keys::ref(9, "refs/heads/main"), "x"});
  transaction.dels.push_back(keys::link(10, BlobId{}));
  transaction.dels.push_back(keys::link(7, BlobId{}));
  CHECK(relinked_repos(transaction) == Uids{7, 10});
  const auto before = std::pair(rows.links_version(7), rows.links_version(9));
  REQUIRE(rows.apply(transaction));
  CHECK(rows.links_version(7) > before.first);
  CHECK(rows.links_version(9) == before.second);
}

TEST_CASE("watched_rows: the watcher hears what was applied", "[storage][watched_rows]") {
  WatchedRows rows(std::make_unique<MemoryRowStore>());
  Uids heard;
  rows.watch([&](std::uint64_t uid) {
    heard.push_back(uid);
    CHECK(*rows.get(keys::repo_uid(uid)));  // it is there already
  });
  Transaction transaction;
  transaction.puts.push_back({keys::repo_uid(3), "x"});
  REQUIRE(rows.apply(transaction));
  CHECK(heard == Uids{3});
  rows.watch(nullptr);
  REQUIRE(rows.apply(transaction));
  CHECK(heard == Uids{3});
}

TEST_CASE("watched_rows: every road to a repo is heard", "[storage][watched_rows]") {
  StoreFixture fixture;
  Uids heard;
  fixture.store->watch_repos([&](std::uint64_t uid) { heard.push_back(uid); });
  const auto is_heard = [&heard](std::uint64_t uid) {
    const bool was = std::ranges::find(heard, uid) != heard.end();
    heard.clear();
    return was;
  };
  const auto uid = fixture.make_repo("tiny");
  CHECK(is_heard(uid));
  fixture.commit(uid, {fixture.put("a", "b")});
  CHECK(is_heard(uid));
  RepoSettings settings;
  settings.visibility = Visibility::closed;
  REQUIRE(fixture.store->change_repo(uid, settings));
  CHECK(is_heard(uid));
  REQUIRE(fixture.store->move_ref(uid, "refs/tags/v1", std::nullopt, fixture.head(uid), "ann"));
  CHECK_FALSE(is_heard(uid));
  REQUIRE(fixture.store->delete_repo(uid, "ann"));
  CHECK(is_heard(uid));
  fixture.store->watch_repos(nullptr);
}
