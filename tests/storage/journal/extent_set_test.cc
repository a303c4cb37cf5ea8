#include "storage/journal/extent_set.h"

#include <algorithm>
#include <random>

#include <catch2/catch.hpp>

using namespace waag::storage;
using namespace waag::storage::journal;

TEST_CASE("extent_set: joins what is adjacent, in any order, named twice",
          "[storage][extent_set]") {
  std::vector<PackExtent> parts;
  for (std::uint32_t i = 0; i < 10; ++i) parts.push_back({PackId{1}, i * 10, i * 10 + 10, i, 1});
  for (std::uint32_t i = 0; i < 4; ++i) parts.push_back(parts[i * 2]);
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::shuffle(parts.begin(), parts.end(), std::mt19937(seed));
    ExtentSet set;
    for (const auto& part : parts) set.add(part);
    CHECK(set.extents() == std::vector{PackExtent{PackId{1}, 0, 100, 0, 10}});
  }
}

TEST_CASE("extent_set: gaps and packs stay apart", "[storage][extent_set]") {
  ExtentSet set;
  set.add({PackId{2}, 0, 10, 0, 1});
  set.add({PackId{1}, 20, 30, 2, 1});
  set.add({PackId{1}, 0, 10, 0, 1});
  CHECK(set.extents() == std::vector{PackExtent{PackId{1}, 0, 10, 0, 1},
                                     PackExtent{PackId{1}, 20, 30, 2, 1},
                                     PackExtent{PackId{2}, 0, 10, 0, 1}});
  set.add({PackId{1}, 0, 30, 0, 3});  // a longer one swallows both
  CHECK(set.extents().front() == PackExtent{PackId{1}, 0, 30, 0, 3});
  CHECK(set.extents().size() == 2);
}
