#include "storage/meta/tables/links.h"

#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

TEST_CASE_METHOD(StoreFixture, "links: both ways, by repo and by blob", "[storage][links]") {
  LinkTable links(store->rows());
  const auto a = sha256(as_bytes("a"));
  const auto b = sha256(as_bytes("b"));
  Transaction rows;
  for (const auto uid : std::vector<std::uint64_t>{1, 3, 0x1'0000'0000})
    LinkTable::add(rows, uid, a);
  LinkTable::add(rows, 1, b);
  REQUIRE(store->rows().apply(rows));
  CHECK(*links.has(1, a));
  CHECK(*links.has(3, b) == false);
  CHECK(*links.holders(a, 10) == std::vector<std::uint64_t>{1, 3, 0x1'0000'0000});
  CHECK(*links.holders(a, 2) == std::vector<std::uint64_t>{1, 3});
  CHECK(links.holders(a, 0)->empty());
  CHECK(*links.of(1) == std::vector<BlobId>{std::min(a, b), std::max(a, b)});
  CHECK(*links.of(3) == std::vector<BlobId>{a});
  CHECK(links.of(2)->empty());
  Transaction gone;
  LinkTable::remove(gone, 1, a);
  REQUIRE(store->rows().apply(gone));
  CHECK(*links.has(1, a) == false);
  CHECK(*links.holders(a, 10) == std::vector<std::uint64_t>{3, 0x1'0000'0000});
}

TEST_CASE_METHOD(StoreFixture, "links: an upload counts for one user, repo and blob",
                 "[storage][links]") {
  LinkTable links(store->rows());
  const auto a = sha256(as_bytes("a"));
  REQUIRE(store->rows().apply(LinkTable::possession("Ann", 5, a)));
  CHECK(*links.has_uploaded("ann", 5, a));
  CHECK(*links.has_uploaded("ann", 6, a) == false);
  CHECK(*links.has_uploaded("an", 5, a) == false);
  CHECK(*links.has_uploaded("bob", 5, a) == false);
  CHECK(*links.has_uploaded("ann", 5, sha256(as_bytes("b"))) == false);
  CHECK(*links.has(5, a) == false);  // possession alone is no link
}

}  // namespace waag::storage
