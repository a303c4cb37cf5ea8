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
  Statistics statistics(*disk, reserve, store->rows(), store->packs(),
                        folder.path() / "data" / "packs");
  const auto stats = statistics.get();
  REQUIRE(stats);
  CHECK(stats->repos == 2);
  CHECK(stats->blobs == 2);
  CHECK(stats->logical_bytes == 150'000);
  CHECK(stats->packs == 2);  // one of chunks, one of small objects
  CHECK(stats->pack_bytes > 150'000);
  CHECK(stats->free_bytes > 0);
  make_repo("c");
  CHECK(statistics.get()->repos == 2);  // asked again at once: not counted again
  CHECK(store->stats()->repos == 3);    // its own first scan
}

}  // namespace waag::storage
