#include "storage/pack/location.h"
#include "tests/storage/check/fsck_support.h"

namespace waag::storage {

using testing::FsckFixture;

TEST_CASE_METHOD(FsckFixture, "fsck packs: a flipped byte in a payload is found",
                 "[storage][fsck]") {
  const auto at = decode_location(first(GENERATE('c', 'g')).value);
  REQUIRE(at);
  const auto name = pack_name(at->pack);
  std::filesystem::path pack;
  for (const auto& file :
       std::filesystem::recursive_directory_iterator(folder.path() / "data" / "packs"))
    if (file.path().filename().string().starts_with(name)) pack = file.path();
  REQUIRE_FALSE(pack.empty());
  {
    std::fstream file(pack, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at->offset);
    const auto byte = static_cast<char>(file.get() ^ 1);
    file.seekp(at->offset);
    file.put(byte);
  }
  CHECK(finds("pack " + name));
}

TEST_CASE_METHOD(FsckFixture, "fsck packs: a look-up that differs from its pack is found",
                 "[storage][fsck]") {
  const char kind = GENERATE('c', 'g');
  const auto row = first(kind);
  auto at = decode_location(row.value);
  SECTION("another record") {
    at->record += 1'000'000;
    put_row(row.key, encode(*at));
    CHECK(finds("no such record"));
  }
  SECTION("another length") {
    at->raw_bytes += 1;
    put_row(row.key, encode(*at));
    CHECK(finds("says otherwise"));
  }
  SECTION("no row at all of this form") {
    put_row(row.key, "?");
    CHECK(finds("row " + to_hex(as_bytes(row.key))));
  }
}

}  // namespace waag::storage
