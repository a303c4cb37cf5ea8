#include "storage/repo/path_history.h"

#include "storage/meta/tables/refs.h"
#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

namespace {

using Ids = std::vector<CommitId>;

struct Fixture : StoreFixture {
  std::uint64_t uid = make_repo("tiny");

  PathCommits page(const CommitId& from, const std::string& path, std::size_t skip = 0,
                   std::size_t limit = 1000) {
    auto found = store->path_history(uid, from, path, skip, limit);
    REQUIRE(found);
    return *std::move(found);
  }

  Ids touched(const CommitId& from, const std::string& path) { return ids(page(from, path)); }

  static Ids ids(const PathCommits& page) {
    Ids all;
    for (const auto& commit : page.commits) all.push_back(commit.id);
    return all;
  }

  /// What the answer must be, by looking at every commit.
  Ids slow(const CommitId& from, const std::string& path) {
    const auto all = store->history(uid, from, 0, 1000);
    REQUIRE(all);
    Ids found;
    for (std::size_t i = 0; i < all->size(); ++i) {
      const auto here = *snapshot(uid, all->at(i).id)->find(path);
      std::optional<EntryId> older;
      if (i + 1 < all->size()) older = *snapshot(uid, all->at(i + 1).id)->find(path);
      if (here != older) found.push_back(all->at(i).id);
    }
    return found;
  }

  /// A commit as a push could bring it, with the files of another one.
  CommitId push(std::vector<CommitId> parents, const CommitId& files) {
    clock.advance(std::chrono::seconds(1));
    git::GitCommit object;
    object.tree = snapshot(uid, files)->commit().tree;
    object.parents = std::move(parents);
    object.author = {"Ann", "ann@example.org", clock.now().count() / 1000, "+0000"};
    object.committer = object.author;
    ObjectWriter writer(store->rows(), store->packs());
    Transaction transaction;
    const CommitId id{writer.add(git::ObjectKind::commit, *git::serialize_commit(object))->bytes};
    REQUIRE(writer.settle(transaction));
    RefTable::add_commit(transaction, uid, id);
    REQUIRE(store->rows().apply(transaction));
    return id;
  }

  void change(const std::string& path, const std::string& text) {
    clock.advance(std::chrono::seconds(1));
    commit(uid, {put(path, text)});
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "path_history: what changed, came, went and came again",
                 "[storage][path_history]") {
  change("a", "1");
  const auto came = head(uid);
  change("b", "1");
  change("a", "2");
  const auto changed = head(uid);
  commit(uid, {remove("a")});
  const auto went = head(uid);
  CHECK(touched(went, "a") == Ids{went, changed, came});
  change("a", "1");
  const auto again = head(uid);
  CHECK(touched(again, "a") == Ids{again, went, changed, came});
  CHECK(touched(changed, "a") == Ids{changed, came});  // of an older head, after a newer one
  CHECK(page(again, "a").total == 4);
  CHECK(page(again, "none").total == 0);
  CHECK(page(again, "a/b").total == 0);
  CHECK(store->path_history(uid, CommitId{}, "a", 0, 1).error().code == Errc::revision_not_found);
}

TEST_CASE_METHOD(Fixture, "path_history: folders change with what is in them",
                 "[storage][path_history]") {
  for (const auto* path : {"x/a/1", "y/2", "x/a/2", "x/b", "x/a/1"})
    change(path, std::to_string(clock.now().count()));
  for (const auto* path : {"x", "x/a", "x/a/1", "x/b", "y", "y/2"}) {
    CAPTURE(path);
    CHECK(touched(head(uid), path) == slow(head(uid), path));
  }
}

TEST_CASE_METHOD(Fixture, "path_history: pages while the head moves on",
                 "[storage][path_history]") {
  for (int round = 0; round < 40; ++round) {
    change(round % 3 == 0 ? "log/a" : "log/b", std::to_string(round));
    const auto from = head(uid);
    const auto path = round % 2 == 0 ? "log/a" : "log";
    const auto wanted = slow(from, path);
    const std::size_t skip = std::size_t(round) % 5, limit = 1 + std::size_t(round) % 4;
    CAPTURE(round, skip, limit);
    const auto got = page(from, path, skip, limit);
    const auto first = std::min(skip, wanted.size()), last = std::min(skip + limit, wanted.size());
    CHECK(ids(got) ==
          Ids(wanted.begin() + std::ptrdiff_t(first), wanted.begin() + std::ptrdiff_t(last)));
    CHECK(got.more == (wanted.size() > skip + limit));
    if (!got.more) CHECK(got.total == wanted.size());
  }
}

TEST_CASE_METHOD(Fixture, "path_history: beside and behind merges", "[storage][path_history]") {
  change("a", "1");
  const auto base = head(uid);
  change("a", "2");
  const auto line = head(uid);
  CHECK(touched(line, "a") == slow(line, "a"));  // remembered before the merge
  const auto side = push({base}, base);
  const auto merged = push({line, side}, line);
  const auto next = push({merged}, base);
  const auto last = push({next}, next);
  for (const auto& from : {last, next, merged, side, line, last})
    for (const auto* path : {"a", ".gitattributes"}) {
      CAPTURE(from.hex(), path);
      const auto wanted = slow(from, path);
      CHECK(touched(from, path) == wanted);
      for (std::size_t skip = 0; skip < wanted.size(); ++skip)
        CHECK(ids(page(from, path, skip, 1)) == Ids{wanted[skip]});
    }
}

}  // namespace waag::storage
