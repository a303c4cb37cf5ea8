#include "storage/pack/location.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::storage;

TEST_CASE("location: pack names are 16 hex digits of the number", "[storage][location]") {
  CHECK(pack_name(PackId{0x0123456789abcdef}) == "0123456789abcdef");
  CHECK(pack_name(PackId{1}) == "0000000000000001");
}

TEST_CASE("location: rows keep every field", "[storage][location]") {
  const Location at{.pack = PackId{0xfedcba9876543210},
                    .record = 1,
                    .offset = 0xffffffff,
                    .stored_bytes = 3,
                    .raw_bytes = 4,
                    .crc = 0xdeadbeef,
                    .kind = RecordKind::git_tree,
                    .codec = Codec::zstd,
                    .dtype = Dtype::bf16,
                    .phase = 7};
  const auto row = encode(at);
  CHECK(row.size() == 33);  // one per chunk: its size is what the index costs
  const auto back = decode_location(row);
  REQUIRE(back);
  CHECK(*back == at);
}

TEST_CASE("location: anything else is corrupt", "[storage][location]") {
  const auto row = encode(Location{});
  for (std::size_t size = 0; size < row.size(); ++size)
    CHECK(decode_location(row.substr(0, size)).error().code == Errc::corrupt);
  CHECK_FALSE(decode_location(row + "x"));
  auto newer = row;
  newer[0] = 2;
  CHECK_FALSE(decode_location(newer));
}
