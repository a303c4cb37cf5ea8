#include "storage/rewrite/reach.h"

#include "tests/storage/rewrite/rewrite_support.h"

namespace waag::storage {

using testing::RewriteFixture;

TEST_CASE_METHOD(RewriteFixture, "reach: each commit once, parents first, main before others",
                 "[storage][rewrite]") {
  const auto first = head(uid);
  const auto second = commit_to("main", {put("a", "1")});
  branch("aside", first);
  const auto aside = commit_to("aside", {put("b", "2")});
  branch("gone", second);
  const auto gone = commit_to("gone", {put("c", "3")});
  remove_branch("gone", gone);
  const auto reach = walk_refs(parts, uid);
  REQUIRE(reach);
  REQUIRE(reach->refs.size() == 2);
  CHECK(reach->refs[0].name == "refs/heads/main");
  std::vector<CommitId> order;
  for (const auto& commit : reach->commits) order.push_back(commit.info->id);
  CHECK(order == std::vector{first, second, aside});
  CHECK(reach->commits[0].ref == 0);
  CHECK(reach->commits[2].ref == 1);
  CHECK(reach->ids.size() == 3);
  CHECK_FALSE(reach->ids.contains(gone));
  CHECK(walk_refs(parts, 99)->commits.empty());
}

TEST_CASE_METHOD(RewriteFixture, "reach: files with blobs of their own, each once",
                 "[storage][rewrite]") {
  const auto large = testing::noise(1, 140'000);
  const auto first = commit_to("main", {put_lfs("deep/er/m.bin", "weights"), put("s.txt", "small"),
                                        put("large.txt", large)});
  const auto second = commit_to("main", {put_lfs("copy.bin", "weights"), put_lfs("n.bin", "more")});
  TreeWalk walk(parts);
  std::vector<HeldFile> found;
  const auto visit = [&](const HeldFile& file) { found.push_back(file); };
  REQUIRE(walk.add(snapshot(uid, first)->commit().tree, visit));
  REQUIRE(found.size() == 2);
  std::ranges::sort(found, {}, &HeldFile::path);
  CHECK(found[0].path == "deep/er/m.bin");
  CHECK(found[0].lfs);
  CHECK(found[0].blob == sha256(as_bytes("weights")));
  CHECK(found[0].size_bytes == 7);
  CHECK(found[1].path == "large.txt");
  CHECK_FALSE(found[1].lfs);
  CHECK(found[1].blob == sha256(as_bytes(large)));
  found.clear();
  REQUIRE(walk.add(snapshot(uid, second)->commit().tree, visit));
  REQUIRE(found.size() == 1);
  CHECK(found[0].path == "n.bin");
  REQUIRE(walk.add(snapshot(uid, second)->commit().tree, visit));
  CHECK(found.size() == 1);
  CHECK(walk.add(GitId{}, visit).error().code == Errc::corrupt);
}

}  // namespace waag::storage
