#include "storage/git/tree_edit.h"

#include "tests/support/git_oracle.h"
#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;
using Content = TreeEdit::Content;

namespace {

struct Fixture : StoreFixture {
  ObjectCache objects{store->rows(), store->packs(), 1u << 20};
  GitId blob = stage("x");

  /// Stores a tree as a push could bring it.
  GitId push_tree(std::vector<git::GitTreeEntry> entries) {
    ObjectWriter writer(store->rows(), store->packs());
    return save(writer,
                writer.add(git::ObjectKind::tree, *git::serialize_tree(std::move(entries))));
  }
  GitId save(ObjectWriter& writer, const Result<GitId>& id) {
    REQUIRE(id);
    Transaction transaction;
    REQUIRE(writer.settle(transaction));
    REQUIRE(store->rows().apply(transaction));
    return *id;
  }
  GitId save(const TreeEdit& edit) {
    ObjectWriter writer(store->rows(), store->packs());
    return save(writer, edit.write(writer));
  }
  std::uint32_t mode(const GitId& tree, std::string_view name) {
    const auto* line = (*objects.tree(tree))->find(name);
    REQUIRE(line != nullptr);
    return line->mode;
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "tree edit: modes of replaced lines are kept", "[storage][tree_edit]") {
  const auto root = push_tree({{git::mode_executable, "run.sh", blob},
                               {git::mode_symlink, "link", blob},
                               {git::mode_gitlink, "sub", blob}});
  TreeEdit edit(objects, root);
  const auto other = stage("y");
  for (const auto* name : {"run.sh", "link", "sub", "new"})
    REQUIRE(edit.put(name, other, Content::file));
  const auto changed = save(edit);
  CHECK(mode(changed, "run.sh") == git::mode_executable);
  CHECK(mode(changed, "link") == git::mode_symlink);
  CHECK(mode(changed, "sub") == git::mode_file);
  CHECK(mode(changed, "new") == git::mode_file);
  TreeEdit again(objects, root);
  REQUIRE(again.put("link", other, Content::lfs_pointer));
  REQUIRE(again.put("run.sh", other, Content::lfs_pointer));
  const auto pointers = save(again);
  CHECK(mode(pointers, "link") == git::mode_file);
  CHECK(mode(pointers, "run.sh") == git::mode_executable);
}

TEST_CASE_METHOD(Fixture, "tree edit: the same ids as git's own mktree", "[storage][tree_edit]") {
  test::GitOracle git;
  CHECK(git.object_id("blob", "x") == blob.hex());
  TreeEdit edit(objects, std::nullopt);
  std::string lines;
  for (const auto* name : {"a", "a.b", "a-b", "a0", "B", "\xC3\xA9"}) {
    REQUIRE(edit.put(name, blob, Content::file));
    lines += std::string("100644 blob ") + blob.hex() + "\t" + name + '\0';
  }
  CHECK(save(edit).hex() == git.run("mktree -z", lines));
  // The same names as a folder: it moves behind "a.b" and "a-b".
  const auto below = git.run("mktree", "100644 blob " + blob.hex() + "\tx\n");
  REQUIRE(edit.remove("a"));
  REQUIRE(edit.put("a/x", blob, Content::file));
  const auto folder_line = "040000 tree " + below + "\ta" + '\0';
  lines.replace(0, lines.find('\0') + 1, folder_line);
  CHECK(save(edit).hex() == git.run("mktree -z", lines));
}

TEST_CASE_METHOD(Fixture, "tree edit: nothing left is git's empty tree", "[storage][tree_edit]") {
  TreeEdit edit(objects, std::nullopt);
  REQUIRE(edit.put("a/b/c", blob, Content::file));
  REQUIRE(edit.remove("a/b/c"));
  CHECK(edit.remove_folder("a").error().code == Errc::entry_not_found);  // it went with its file
  const auto empty = save(edit);
  CHECK(empty.hex() == "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
  TreeEdit from_empty(objects, empty);
  REQUIRE(from_empty.put("a", blob, Content::file));
  CHECK((*objects.tree(save(from_empty)))->lines.size() == 1);
}

TEST_CASE_METHOD(Fixture, "tree edit: only changed directories are written",
                 "[storage][tree_edit]") {
  TreeEdit first(objects, std::nullopt);
  for (const auto* path : {"a/b/c", "d/e", "f"}) REQUIRE(first.put(path, blob, Content::file));
  const auto root = save(first);
  ObjectWriter writer(store->rows(), store->packs());
  CHECK(*TreeEdit(objects, root).write(writer) == root);
  TreeEdit second(objects, root);
  REQUIRE(second.put("d/new", blob, Content::file));
  REQUIRE(second.write(writer));
  Transaction transaction;
  REQUIRE(writer.settle(transaction));
  CHECK(transaction.derived.size() == 2);  // the root and d, not a or a/b
}

}  // namespace waag::storage
