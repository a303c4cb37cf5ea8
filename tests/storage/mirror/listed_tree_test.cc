#include "storage/mirror/listed_tree.h"

#include "storage/meta/keys.h"
#include "tests/support/store_fixture.h"

namespace waag::storage {

TEST_CASE_METHOD(testing::StoreFixture, "listed_tree: the ids are git's",
                 "[storage][listed_tree]") {
  const std::string content = "hello\n";
  const auto blob = git::object_id(git::ObjectKind::blob, as_bytes(content));
  const auto inner = git::serialize_tree({{git::mode_file, "b.txt", blob}});
  REQUIRE(inner);
  const auto outer =
      git::serialize_tree({{git::mode_file, "a.txt", blob},
                           {git::mode_directory, "a", git::tree_id(as_bytes(*inner))}});
  REQUIRE(outer);
  const auto area = store->staging_area();
  const auto uid = make_repo("parts");
  std::vector<ListedFile> files(2);
  files[0].path = "a.txt";
  files[1].path = "a/b.txt";
  for (auto& file : files) {
    file.oid = blob;
    file.size_bytes = content.size();
  }
  ObjectCache objects(store->rows(), store->packs(), 1u << 20);
  std::size_t asked = 0;
  const auto proven = [&](const ListedFile&) -> Result<bool> { return ++asked > 1; };
  const auto tree = build_listed_tree(objects, uid, files, proven, area->objects());
  REQUIRE(tree);
  CHECK(asked == 2);
  CHECK(tree->rows.size() == 2);  // of the one that is not proven
  CHECK(tree->root == git::tree_id(as_bytes(*outer)));
  // Asked of real git: `git mktree` of these two lines.
  CHECK(tree->root.hex() == "e9d00327ba627626531609529f87f79a0b097ba5");
}

}  // namespace waag::storage
