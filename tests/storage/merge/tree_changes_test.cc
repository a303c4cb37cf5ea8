#include "storage/merge/tree_changes.h"

#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

namespace {

struct Fixture : StoreFixture {
  std::uint64_t uid = make_repo("tiny");
  ObjectCache objects{store->rows(), store->packs(), 1u << 20};

  GitId tree() { return snapshot(uid, head(uid))->commit().tree; }
  /// "+path", "-path" or "path", each with the bytes before and after.
  std::vector<std::string> changes(const GitId& from, const GitId& to, std::size_t limit = 100) {
    const auto found = tree_changes(objects, from, to, limit);
    REQUIRE(found);
    std::vector<std::string> lines;
    for (const auto& change : *found) {
      std::string line = !change.before ? "+" : !change.after ? "-" : "";
      line += change.path;
      if (change.before) line += " " + std::to_string(change.before->blob_bytes);
      if (change.after) line += " " + std::to_string(change.after->blob_bytes);
      lines.push_back(line);
    }
    return lines;
  }
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(Fixture, "tree changes: files that came, went and changed",
                 "[storage][tree_changes]") {
  commit(uid, {put("a", "1"), put("b", "12"), put("d/e/f", "1"), put("d/g", "1"), put("s", "1")});
  const auto before = tree();
  commit(uid, {put("b", "123"), remove("a"), put("d/e/f", "1234"), put("n/m", ""), remove("s"),
               put("s/t", "12345")});
  const auto after = tree();
  CHECK(changes(before, after) == Lines{"-a 1", "b 2 3", "d/e/f 1 4", "+n/m 0", "-s 1", "+s/t 5"});
  CHECK(changes(after, before) == Lines{"+a 1", "b 3 2", "d/e/f 4 1", "-n/m 0", "+s 1", "-s/t 5"});
  CHECK(changes(before, before) == Lines{});
  CHECK(changes(before, after, 2) == Lines{"-a 1", "b 2 3"});
}

TEST_CASE_METHOD(Fixture, "tree changes: an LFS file counts with its pointer",
                 "[storage][tree_changes]") {
  const auto before = tree();
  commit(uid, {put_lfs("w.bin", testing::noise(3, 100'000))});
  const auto entry = snapshot(uid, head(uid))->stat("w.bin");
  REQUIRE(entry);
  CHECK(changes(before, tree()) == Lines{"+w.bin " + std::to_string(entry->lfs->pointer_bytes)});
}

}  // namespace waag::storage
