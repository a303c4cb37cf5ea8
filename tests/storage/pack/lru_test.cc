#include "storage/pack/lru.h"

#include <string>

#include <catch2/catch.hpp>

namespace waag::storage::pack {

TEST_CASE("lru: the least recently used value goes first", "[storage][lru]") {
  Lru<int, std::string> cache(10);
  cache.put(1, "one", 4);
  cache.put(2, "two", 4);
  CHECK(*cache.find(1) == "one");
  cache.put(3, "three", 4);  // 2 was used longest ago
  CHECK_FALSE(cache.find(2));
  CHECK(cache.find(1));
  CHECK(cache.find(3));
  cache.put(1, "uno", 10);  // replaces, and leaves no room for others
  CHECK(*cache.find(1) == "uno");
  CHECK_FALSE(cache.find(3));
  cache.put(4, "four", 11);  // never fits
  CHECK_FALSE(cache.find(4));
  CHECK(cache.find(1));
  cache.erase(1);
  CHECK_FALSE(cache.find(1));
}

}  // namespace waag::storage::pack
