#include "tests/storage/check/fsck_support.h"

namespace waag::storage {

using testing::FsckFixture;

namespace {

struct Fixture : FsckFixture {
  /// An extent that holds chunks.
  PackExtent any_extent() {
    const auto at = decode_location(first('c').value);
    const auto extents = store->rows().journaled_extents();
    REQUIRE(extents);
    for (const auto& extent : *extents)
      if (extent.pack == at->pack) return extent;
    FAIL("the journal does not know the pack");
    return {};
  }
  void journal(const PackExtent& extent) {
    Transaction damage;
    damage.extents.push_back(extent);
    REQUIRE(store->rows().apply(damage));
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "fsck extents: all is covered, also by a checkpoint and a new index",
                 "[storage][fsck]") {
  CHECK(problems() == std::vector<std::string>{});
  REQUIRE(store->rows().checkpoint());
  CHECK(problems() == std::vector<std::string>{});
  close();
  REQUIRE(rebuild_index(*disk, folder.path() / "data"));
  open();
  CHECK(problems() == std::vector<std::string>{});
}

TEST_CASE_METHOD(Fixture, "fsck extents: records past a pack's end are found", "[storage][fsck]") {
  auto extent = any_extent();
  extent.begin = extent.end;
  extent.end += 4096;
  extent.first_record += extent.records;
  extent.records = 3;
  journal(extent);
  CHECK(finds("lie past its end"));
}

TEST_CASE_METHOD(Fixture, "fsck extents: records that lie elsewhere are found", "[storage][fsck]") {
  auto extent = any_extent();
  extent.begin = extent.end;
  extent.end += 4096;
  extent.first_record = 0;
  extent.records = 1;
  journal(extent);
  CHECK(finds("lie elsewhere"));
  CHECK(finds("are named twice"));
}

TEST_CASE_METHOD(Fixture, "fsck extents: records that the journal does not know are found",
                 "[storage][fsck]") {
  const auto row = first('c');
  auto at = *decode_location(row.value);
  at.record = 1'000'000;
  put_row(row.key, encode(at));
  CHECK(finds("the journal does not know its record"));
}

}  // namespace waag::storage
