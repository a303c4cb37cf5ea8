#include "storage/git/object_cache.h"

#include "storage/meta/keys.h"
#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

TEST_CASE("lru: the least recently used goes first, a handed-out value stays", "[storage][lru]") {
  LruCache<GitId, int> cache(3);
  const auto id = [](unsigned char byte) {
    GitId made;
    made.bytes.fill(std::byte{byte});
    return made;
  };
  for (unsigned char i = 1; i <= 3; ++i) cache.put(id(i), std::make_shared<const int>(i), 1);
  const auto one = cache.find(id(1));
  cache.put(id(4), std::make_shared<const int>(4), 1);
  CHECK(cache.find(id(2)) == nullptr);
  CHECK(*cache.find(id(1)) == 1);
  cache.put(id(5), std::make_shared<const int>(5), 4);  // heavier than the cache
  CHECK(cache.find(id(5)) == nullptr);
  CHECK(*cache.find(id(4)) == 4);
  cache.put(id(6), std::make_shared<const int>(6), 3);
  CHECK(cache.find(id(1)) == nullptr);
  CHECK(*one == 1);
}

namespace {

constexpr std::size_t files = 1000;

/// Files f1000 to f1999, whose sizes are their numbers in the tree.
struct ManyFiles : StoreFixture {
  std::uint64_t uid = make_repo("many");
  CommitId first;

  ManyFiles() {
    std::vector<Change> changes{remove(".gitattributes")};
    for (std::size_t i = 0; i < files; ++i)
      changes.push_back(put("f" + std::to_string(1000 + i), std::string(i, 'x')));
    first = commit(uid, std::move(changes));
  }

  std::shared_ptr<const Tree> tree_of(ObjectCache& objects, const CommitId& id) {
    const auto info = objects.commit(id);
    REQUIRE(info);
    auto tree = objects.tree((*info)->tree);
    REQUIRE(tree);
    return *std::move(tree);
  }

  void lose(const std::vector<GitId>& blobs) {
    Transaction damage;
    for (const auto& id : blobs) damage.dels.push_back(keys::git_object(id));
    REQUIRE(store->rows().apply(std::move(damage)));
  }
};

}  // namespace

TEST_CASE_METHOD(ManyFiles, "object cache: sizes are looked up apart from the tree, by blocks",
                 "[storage][objects]") {
  ObjectCache objects(store->rows(), store->packs(), 1u << 20);
  const auto tree = tree_of(objects, first);
  REQUIRE(tree->lines.size() == files);
  FactsReader all(objects, *tree);
  for (std::size_t line = 0; line < files; ++line) CHECK(all.at(line)->size_bytes == line);
  for (std::size_t line = files; line-- > 0;) CHECK(all.at(line)->size_bytes == line);

  lose({tree->find("f1500")->id});
  ObjectCache fresh(store->rows(), store->packs(), 1u << 20);
  const auto again = tree_of(fresh, first);  // the names of a tree do not need its files
  FactsReader facts(fresh, *again);
  std::size_t missing = 0;
  for (std::size_t line = 0; line < files; ++line) {
    const auto found = facts.at(line);
    if (found) {
      CHECK(found->size_bytes == line);
      continue;
    }
    CHECK(found.error().code == Errc::corrupt);
    ++missing;
  }
  CHECK_FALSE(facts.at(500));
  CHECK(missing < files / 2);
}

TEST_CASE_METHOD(ManyFiles, "object cache: trees share what they have in common",
                 "[storage][objects]") {
  ObjectCache objects(store->rows(), store->packs(), 1u << 20);
  const auto before = tree_of(objects, first);
  const auto second = commit(uid, {put("f1250", "changed"), put("f1500-more", "more")});
  FactsReader warm(objects, *before);
  std::vector<GitId> blobs;
  for (std::size_t line = 0; line < files; ++line) {
    REQUIRE(warm.at(line));
    blobs.push_back(before->lines[line].id);
  }
  lose(blobs);  // from here on only what is remembered
  const auto after = tree_of(objects, second);
  FactsReader facts(objects, *after);
  std::size_t shared = 0;
  for (std::size_t line = 0; line < after->lines.size(); ++line) {
    const auto found = facts.at(line);
    if (!found) continue;
    CHECK(found->size_bytes == line - (line > 500 ? 1 : 0));
    ++shared;
  }
  CHECK(shared > files / 2);
}

TEST_CASE_METHOD(StoreFixture, "object cache: read once, then from memory", "[storage][objects]") {
  const auto uid = make_repo("tiny");
  const auto id = commit(uid, {put("a", "1"), put("b/c", "2")});
  ObjectCache objects(store->rows(), store->packs(), 1u << 20);
  const auto info = objects.commit(id);
  REQUIRE(info);
  const auto tree = objects.tree((*info)->tree);
  REQUIRE(tree);
  REQUIRE((*tree)->find("a") != nullptr);
  CHECK((*tree)->find("b")->is_directory());
  CHECK((*tree)->find("c") == nullptr);
  // Without the rows: what was read is still there, what was not is corruption, not a miss.
  Transaction damage;
  for (const auto& git_id : {(*info)->tree, git::to_git_id(id), (*tree)->find("b")->id})
    damage.dels.push_back(keys::git_object(git_id));
  REQUIRE(store->rows().apply(damage));
  CHECK(*objects.tree((*info)->tree) == *tree);
  CHECK(*objects.commit(id) == *info);
  CHECK(objects.tree((*tree)->find("b")->id).error().code == Errc::corrupt);
  ObjectCache fresh(store->rows(), store->packs(), 1u << 20);
  CHECK(fresh.commit(id).error().code == Errc::corrupt);
}

}  // namespace waag::storage
