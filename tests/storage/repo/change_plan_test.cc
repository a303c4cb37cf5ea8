#include "storage/repo/change_plan.h"

#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

namespace {

struct Fixture : StoreFixture {
  ObjectCache objects{store->rows(), store->packs(), 1u << 20};
  RepoTable repos{store->rows()};
  RefTable refs{store->rows()};
  LinkTable links{store->rows()};
  RepoLocks locks;
  Parts parts{clock, store->rows(), store->packs(), objects, repos, refs, links, locks};
};

}  // namespace

TEST_CASE_METHOD(Fixture, "change plan: says what a commit brings", "[storage][change_plan]") {
  const auto uid = make_repo("tiny");
  const auto large = testing::noise(1, 150'000);
  const auto weights = put_lfs("w.bin", "weights");
  const auto plan = plan_changes(
      parts, request(uid, {weights, put("a", "1"), put("big", large), remove_folder("old/")}));
  REQUIRE(plan);
  REQUIRE(plan->steps.size() == 4);
  CHECK(plan->steps[0].content == TreeEdit::Content::lfs_pointer);
  CHECK(plan->steps[1].content == TreeEdit::Content::file);
  CHECK(plan->steps[3].path == "old");
  CHECK(plan->pointer_rows.size() == 1);
  CHECK(plan->links == std::set<BlobId>{weights.lfs, sha256(as_bytes(large))});
}

TEST_CASE_METHOD(Fixture, "change plan: one answer names all that is missing",
                 "[storage][change_plan]") {
  const auto uid = make_repo("tiny");
  std::vector<Change> changes;
  for (unsigned char i = 1; i <= 3; ++i) {
    Change change;
    change.kind = Change::Kind::put_lfs;
    change.path = std::to_string(i);
    change.lfs.bytes.fill(std::byte{i});
    changes.push_back(change);
  }
  const auto plan = plan_changes(parts, request(uid, changes));
  REQUIRE_FALSE(plan);
  CHECK(plan.error().code == Errc::invalid_argument);
  for (const auto& change : changes)
    CHECK(plan.error().what.find(change.lfs.hex()) != std::string::npos);
}

}  // namespace waag::storage
