#include "daemon/api/forum/pull_diff.h"

#include "tests/support/store_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::testing::StoreFixture;

namespace {

struct Fixture : StoreFixture {
  std::uint64_t uid = make_repo("tiny");

  /// What the last commit changed.
  std::string diff() {
    const auto to = head(uid);
    const auto from = snapshot(uid, to)->commit().parents.front();
    const auto changes = store->pulls().changes({from, to, {}}, diff_files_max);
    REQUIRE(changes);
    const auto text = pull_diff(*store, *changes);
    REQUIRE(text);
    return *text;
  }
};

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "pull diff: files of every kind", "[daemon][discussions]") {
  const auto nul = std::string("a\0b", 3);
  commit(uid, {put("a", "one\ntwo\n"), put("gone", "x\n")});
  commit(uid, {put("a", "one\n2\n"), remove("gone"), put("bin", nul),
               put_lfs("w.bin", testing::noise(1, 1000)),
               put("large", std::string(diff_file_bytes_max + 1, 'x'))});
  const auto text = diff();
  INFO(text);
  CHECK(count(text, "diff --git ") == 5);
  CHECK(count(text, " one\n-two\n+2\n") == 1);
  CHECK(count(text, "--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n") == 1);
  CHECK(count(text, "Binary files /dev/null and b/bin differ\n") == 1);
  CHECK(count(text, "Binary files /dev/null and b/large differ\n") == 1);
  CHECK(count(text, "+oid sha256:") == 1);
}

TEST_CASE_METHOD(Fixture, "pull diff: looks at so many bytes and no more",
                 "[daemon][discussions]") {
  const auto file = std::string(diff_file_bytes_max - 1, 'x') + "\n";
  std::vector<storage::Change> changes;
  const auto files = diff_bytes_max / diff_file_bytes_max + 3;
  for (std::uint64_t i = 0; i < files; ++i) changes.push_back(put(std::to_string(i), file));
  commit(uid, std::move(changes));
  const auto text = diff();
  CHECK(count(text, "Binary files") == 3);
  CHECK(count(text, "diff --git ") == files);
}
