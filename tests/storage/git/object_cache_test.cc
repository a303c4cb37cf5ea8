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

TEST_CASE_METHOD(StoreFixture, "object cache: read once, then from memory", "[storage][objects]") {
  const auto uid = make_repo("tiny");
  const auto id = commit(uid, {put("a", "1"), put("b/c", "2")});
  ObjectCache objects(store->rows(), store->packs(), 1u << 20);
  const auto info = objects.commit(id);
  REQUIRE(info);
  const auto tree = objects.tree((*info)->tree);
  REQUIRE(tree);
  CHECK((*tree)->find("a")->size_bytes == 1);
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
