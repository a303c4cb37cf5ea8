#include "storage/repo/statistics.h"

#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

TEST_CASE_METHOD(StoreFixture, "statistics: count repos, blobs and packs", "[storage][stats]") {
  make_repo("a");
  make_repo("b");
  ingest(testing::noise(1, 100'000));
  ingest(testing::noise(2, 50'000));
  const Reserve reserve(*disk, folder.path(), 0);
  Statistics statistics(*disk, reserve, store->rows(), folder.path() / "data" / "packs");
  const auto stats = statistics.get();
  REQUIRE(stats);
  CHECK(stats->repos == 2);
  CHECK(stats->blobs == 2);
  CHECK(stats->logical_bytes == 150'000);
  CHECK(stats->packs == 2);  // one of chunks, one of small objects
  CHECK(stats->pack_bytes > 150'000);
  CHECK(stats->free_bytes > 0);
  const auto gone = make_repo("c");
  ingest(testing::noise(3, 10'000));
  ingest(testing::noise(1, 100'000));  // known
  CHECK(statistics.get()->repos == 3);
  CHECK(statistics.get()->blobs == 3);
  CHECK(statistics.get()->logical_bytes == 160'000);
  REQUIRE(store->delete_repo(gone, "ann"));
  CHECK(store->stats()->repos == 2);
  reopen();
  CHECK(store->stats()->repos == 2);
  CHECK(store->stats()->blobs == 3);
  CHECK(store->stats()->logical_bytes == 160'000);
}

TEST_CASE_METHOD(StoreFixture, "statistics: sealed packs are measured too", "[storage][stats]") {
  for (std::uint64_t seed = 0; seed < 8; ++seed) ingest(testing::noise(seed, 400'000));
  const Reserve reserve(*disk, folder.path(), 0);
  const auto packs = folder.path() / "data" / "packs";
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(packs)) {
    if (!file.is_regular_file()) continue;
    ++files;
    bytes += file.file_size();
  }
  REQUIRE(files > 2);
  const auto stats = Statistics(*disk, reserve, store->rows(), packs).get();
  REQUIRE(stats);
  CHECK(stats->packs == files);
  CHECK(stats->pack_bytes == bytes);
}

}  // namespace waag::storage
