#include "storage/rewrite/prune.h"

#include "tests/storage/rewrite/rewrite_support.h"

namespace waag::storage {

using testing::RewriteFixture;

TEST_CASE_METHOD(RewriteFixture, "prune: what no ref reaches goes, the rest stays",
                 "[storage][rewrite]") {
  const auto kept = commit_to("main", {put_lfs("m.bin", "kept")});
  branch("gone", kept);
  const auto gone = commit_to("gone", {put_lfs("g.bin", "gone")});
  auto keyed = request(uid, {put("r", "replayed")});
  keyed.replay_key = sha256(as_bytes("key"));
  keyed.ref = "refs/heads/gone";
  const auto last = store->commit(keyed);
  REQUIRE(last);
  remove_branch("gone", last->commit);
  CHECK(knows(gone));
  REQUIRE(prune(parts, uid));
  CHECK(knows(kept));
  CHECK_FALSE(knows(gone));
  CHECK_FALSE(knows(last->commit));
  CHECK(links_to("kept"));
  CHECK_FALSE(links_to("gone"));
  CHECK(store->holders(sha256(as_bytes("gone")), 10)->empty());
  check_whole();
  // The replay is forgotten too: the same request makes a commit that is there.
  branch("gone", kept);
  const auto again = store->commit(keyed);
  REQUIRE(again);
  CHECK_FALSE(again->replayed);
  CHECK(knows(again->commit));
}

TEST_CASE_METHOD(RewriteFixture, "prune: what a crash interrupted goes on at the next start",
                 "[storage][rewrite]") {
  const auto kept = head(uid);
  branch("gone", kept);
  const auto gone = commit_to("gone", {put_lfs("g.bin", "gone")});
  remove_branch("gone", gone);
  Transaction noted;
  expect_pruning(noted, uid);
  REQUIRE(store->rows().apply(noted));
  reopen();
  CHECK_FALSE(knows(gone));
  CHECK_FALSE(links_to("gone"));
  CHECK(knows(kept));
  check_whole();
}

}  // namespace waag::storage
