#include "storage/merge/tree_merge.h"

#include "storage/git/tree_edit.h"
#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

namespace {

using Files = std::map<std::string, std::string>;
using Paths = std::vector<std::string>;

struct Fixture : StoreFixture {
  ObjectCache objects{store->rows(), store->packs(), 1u << 20};

  void settle(ObjectWriter& writer) {
    Transaction transaction;
    REQUIRE(writer.settle(transaction));
    REQUIRE(store->rows().apply(std::move(transaction)));
  }
  GitId tree(const Files& files) {
    TreeEdit edit(objects, std::nullopt);
    for (const auto& [path, content] : files)
      REQUIRE(edit.put(path, stage(content), TreeEdit::Content::file));
    ObjectWriter writer(store->rows(), store->packs());
    const auto id = edit.write(writer);
    REQUIRE(id);
    settle(writer);
    return *id;
  }
  /// Merges with and without writing; both must agree on the conflicts.
  TreeMerge merge(const Files& base, const Files& ours, const Files& theirs) {
    const auto trees = std::array{tree(base), tree(ours), tree(theirs)};
    ObjectWriter writer(store->rows(), store->packs());
    const auto merged = merge_trees(objects, trees[0], trees[1], trees[2], &writer);
    REQUIRE(merged);
    settle(writer);
    const auto looked = merge_trees(objects, trees[0], trees[1], trees[2], nullptr);
    REQUIRE(looked);
    CHECK(looked->conflicts == merged->conflicts);
    return *merged;
  }
  void check_clean(const Files& base, const Files& ours, const Files& theirs, const Files& want) {
    for (const bool mirrored : {false, true}) {
      CAPTURE(mirrored);
      const auto merged = mirrored ? merge(base, theirs, ours) : merge(base, ours, theirs);
      CHECK(merged.conflicts == Paths{});
      CHECK(merged.tree == tree(want));
      CHECK(objects.tree(merged.tree));
    }
  }
  Paths conflicts(const Files& base, const Files& ours, const Files& theirs) {
    const auto found = merge(base, ours, theirs).conflicts;
    CHECK(merge(base, theirs, ours).conflicts == found);
    return found;
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "tree merge: what one side changed is taken", "[storage][tree_merge]") {
  const Files base{{"a", "1"}, {"b", "1"}, {"d/x", "1"}, {"d/y", "1"}, {"e/z", "1"}};
  check_clean(base, base, base, base);
  check_clean(base, base, {{"a", "2"}}, {{"a", "2"}});
  // Files of one folder, changed, added and removed by different sides.
  check_clean(base, {{"a", "2"}, {"b", "1"}, {"d/x", "2"}, {"d/y", "1"}, {"e/z", "1"}},
              {{"a", "1"}, {"d/x", "1"}, {"d/y", "2"}, {"d/new", "1"}, {"e/z", "1"}},
              {{"a", "2"}, {"d/x", "2"}, {"d/y", "2"}, {"d/new", "1"}, {"e/z", "1"}});
  // Both did the same.
  check_clean(base, {{"a", "2"}, {"n", "1"}}, {{"a", "2"}, {"n", "1"}, {"d/x", "1"}},
              {{"a", "2"}, {"n", "1"}});
  // Folders that each side empties by half are gone.
  check_clean(base, {{"a", "1"}, {"b", "1"}, {"d/x", "1"}, {"e/z", "1"}},
              {{"a", "1"}, {"b", "1"}, {"d/y", "1"}, {"e/z", "1"}},
              {{"a", "1"}, {"b", "1"}, {"e/z", "1"}});
  // Nothing is left at all.
  check_clean({{"a", "1"}, {"b", "1"}}, {{"a", "1"}}, {{"b", "1"}}, {});
  // New folders of the same name.
  check_clean({}, {{"n/a", "1"}}, {{"n/b", "1"}}, {{"n/a", "1"}, {"n/b", "1"}});
  // A file becomes a folder that the other side leaves alone.
  check_clean(base, {{"a/b", "1"}}, base, {{"a/b", "1"}});
}

TEST_CASE_METHOD(Fixture, "tree merge: what both changed is in conflict", "[storage][tree_merge]") {
  const Files base{{"a", "1"}, {"d/x", "1"}, {"d/y", "1"}};
  CHECK(conflicts(base, {{"a", "2"}, {"d/x", "2"}, {"d/y", "1"}},
                  {{"a", "3"}, {"d/x", "3"}, {"d/y", "2"}}) == Paths{"a", "d/x"});
  CHECK(conflicts(base, {{"a", "2"}}, {{"d/x", "1"}, {"d/y", "1"}}) == Paths{"a"});  // removed
  CHECK(conflicts(base, {{"d/x", "2"}, {"d/y", "1"}}, {{"a", "1"}}) == Paths{"d/x"});
  CHECK(conflicts({}, {{"n", "1"}}, {{"n", "2"}}) == Paths{"n"});
  CHECK(conflicts({}, {{"n", "1"}}, {{"n/m", "1"}}) == Paths{"n"});
  CHECK(conflicts(base, {{"a", "1"}, {"d", "1"}}, {{"a", "1"}, {"d/x", "2"}, {"d/y", "1"}}) ==
        Paths{"d"});
}

TEST_CASE_METHOD(Fixture, "tree merge: names so many conflicts and no more",
                 "[storage][tree_merge]") {
  Files base, ours, theirs;
  for (std::size_t i = 0; i < merge_conflicts_max + 5; ++i) {
    const auto name = std::to_string(i);
    base[name] = "1";
    ours[name] = "2";
    theirs[name] = "3";
  }
  CHECK(merge(base, ours, theirs).conflicts.size() == merge_conflicts_max);
}

}  // namespace waag::storage
