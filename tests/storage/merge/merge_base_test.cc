#include "storage/merge/merge_base.h"

#include "storage/meta/tables/refs.h"
#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

namespace {

struct Fixture : StoreFixture {
  std::uint64_t uid = make_repo("tiny");
  ObjectCache objects{store->rows(), store->packs(), 1u << 20};
  int commits = 0;

  CommitId push(std::vector<CommitId> parents, std::int64_t seconds) {
    git::GitCommit object;
    object.tree = snapshot(uid, head(uid))->commit().tree;
    object.parents = std::move(parents);
    object.author = {"Ann", "ann@example.org", seconds, "+0000"};
    object.committer = object.author;
    object.message = std::to_string(++commits);
    ObjectWriter writer(store->rows(), store->packs());
    Transaction transaction;
    const CommitId id{writer.add(git::ObjectKind::commit, *git::serialize_commit(object))->bytes};
    REQUIRE(writer.settle(transaction));
    REQUIRE(store->rows().apply(transaction));
    return id;
  }
  std::optional<CommitId> base(const CommitId& a, const CommitId& b) {
    const auto found = merge_base(objects, a, b);
    REQUIRE(found);
    const auto mirrored = merge_base(objects, b, a);
    REQUIRE(mirrored);
    CHECK(*mirrored == *found);
    return *found;
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "merge base: where two lines part", "[storage][merge_base]") {
  // Dates that tell the order, are all the same, or are wrong.
  const std::int64_t step = GENERATE(1, 0, -1);
  const auto root = push({}, 1000);
  const auto fork = push({root}, 1000 + step);
  const auto left = push({push({fork}, 1000 + 2 * step)}, 1000 + 4 * step);
  const auto right = push({push({fork}, 1000 + 3 * step)}, 1000 + 5 * step);
  CHECK(base(left, right) == fork);
  CHECK(base(left, left) == left);
  CHECK(base(left, fork) == fork);
  CHECK(base(root, right) == root);
  // Once right took what left had, the two part later.
  const auto merged = push({right, left}, 1000 + 6 * step);
  const auto more = push({left}, 1000 + 7 * step);
  CHECK(base(merged, more) == left);
}

TEST_CASE_METHOD(Fixture, "merge base: none, or the newest of several", "[storage][merge_base]") {
  const auto root = push({}, 1);
  CHECK_FALSE(base(root, push({}, 2)));
  const auto a = push({root}, 2);
  const auto b = push({root}, 3);
  CHECK(base(push({a, b}, 4), push({b, a}, 5)) == b);
}

}  // namespace waag::storage
