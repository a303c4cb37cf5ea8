#include "storage/repo/history.h"

#include "storage/meta/tables/refs.h"
#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

namespace {

struct Fixture : StoreFixture {
  std::uint64_t uid = make_repo("tiny");

  std::vector<std::string> titles(const CommitId& from, std::size_t skip, std::size_t limit) {
    const auto found = store->history(uid, from, skip, limit);
    REQUIRE(found);
    std::vector<std::string> all;
    for (const auto& commit : *found) all.push_back(commit.message);
    return all;
  }

  /// A commit as a push could bring it: any parents, any date.
  CommitId push(const std::string& message, std::vector<CommitId> parents, std::int64_t seconds) {
    git::GitCommit object;
    object.tree = snapshot(uid, head(uid))->commit().tree;
    object.parents = std::move(parents);
    object.author = {"Ann", "ann@example.org", seconds, "+0000"};
    object.committer = object.author;
    object.message = message;
    ObjectWriter writer(store->rows(), store->packs());
    Transaction transaction;
    const CommitId id{writer.add(git::ObjectKind::commit, *git::serialize_commit(object))->bytes};
    REQUIRE(writer.settle(transaction));
    RefTable::add_commit(transaction, uid, id);
    REQUIRE(store->rows().apply(transaction));
    return id;
  }
};

using Titles = std::vector<std::string>;

/// Pages of every size, in order, backwards and again, are slices of the whole.
void check_pages(Fixture& fixture, const CommitId& from) {
  const auto all = fixture.titles(from, 0, 100);
  const auto check = [&](std::size_t skip, std::size_t limit) {
    CAPTURE(skip, limit);
    const auto first = std::min(skip, all.size());
    const auto last = std::min(skip + limit, all.size());
    const Titles wanted(all.begin() + std::ptrdiff_t(first), all.begin() + std::ptrdiff_t(last));
    CHECK(fixture.titles(from, skip, limit) == wanted);
  };
  for (std::size_t limit = 0; limit <= all.size(); ++limit) {
    for (std::size_t skip = 0; skip <= all.size() + 1; skip += std::max<std::size_t>(limit, 1))
      check(skip, limit);
    for (auto skip = all.size(); skip > 0; --skip) check(skip, limit);
  }
}

}  // namespace

TEST_CASE_METHOD(Fixture, "history: a line, newest first, by pages", "[storage][history]") {
  for (int i = 1; i <= 5; ++i) {
    auto made = request(uid, {});
    made.message = std::to_string(i);
    REQUIRE(store->commit(made));  // all within one second: order must not need the clock
  }
  CHECK(titles(head(uid), 0, 100) == Titles{"5", "4", "3", "2", "1", "initial commit"});
  CHECK(titles(head(uid), 1, 2) == Titles{"4", "3"});
  CHECK(titles(head(uid), 6, 2).empty());
  check_pages(*this, head(uid));
  CHECK(*store->history_length(uid, head(uid)) == 6);
  commit(uid, {});
  CHECK(*store->history_length(uid, head(uid)) == 7);
}

TEST_CASE_METHOD(Fixture, "history: merged lines are mixed by date, each commit once",
                 "[storage][history]") {
  const auto root = push("root", {}, 100);
  const auto left = push("left", {root}, 200);
  const auto right = push("right", {root}, 300);
  const auto left2 = push("left2", {left}, 400);
  const auto merge = push("merge", {left2, right}, 500);
  const auto top = push("top", {merge}, 600);
  CHECK(titles(top, 0, 100) == Titles{"top", "merge", "left2", "right", "left", "root"});
  CHECK(*store->history_length(uid, top) == 6);
  CHECK(*store->history_length(uid, top) == 6);  // remembered
  CHECK(*store->history_length(uid, push("more", {top}, 700)) == 7);
  CHECK(*store->history_length(uid, root) == 1);
  check_pages(*this, push("last", {top, push("side", {root}, 350)}, 800));
}

}  // namespace waag::storage
