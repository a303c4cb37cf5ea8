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
  DiscussionTable discussions{store->rows()};
  RepoLocks locks;
  Parts parts{clock, store->rows(), store->packs(), objects, repos,
              refs,  links,         discussions,    locks};

  Result<ChangePlan> plan(std::uint64_t uid, const std::vector<Change>& changes) {
    auto made = request(uid, changes);
    made.staged = store->staging_area();
    return plan_changes(parts, made);
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "change plan: says what a commit brings", "[storage][change_plan]") {
  const auto uid = make_repo("tiny");
  const auto large = testing::noise(1, 150'000);
  const auto weights = put_lfs("w.bin", "weights");
  const auto made = plan(uid, {weights, put("a", "1"), put("big", large), remove_folder("old/")});
  REQUIRE(made);
  REQUIRE(made->steps.size() == 4);
  CHECK(made->steps[0].content == TreeEdit::Content::lfs_pointer);
  CHECK(made->steps[1].content == TreeEdit::Content::file);
  CHECK(made->steps[3].path == "old");
  CHECK(made->pointer_rows.size() == 1);
  CHECK(made->links == std::set<BlobId>{weights.lfs, sha256(as_bytes(large))});
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
  const auto refused = plan(uid, changes);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::invalid_argument);
  for (const auto& change : changes)
    CHECK(refused.error().what.find(change.lfs.hex()) != std::string::npos);
}

}  // namespace waag::storage
