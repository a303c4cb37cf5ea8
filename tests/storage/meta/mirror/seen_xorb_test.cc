#include "storage/meta/mirror/seen_xorb.h"

#include "tests/storage/meta/strict_rows.h"

namespace waag::storage {
namespace {

XorbChunk chunk(int value) {
  XorbChunk made;
  made.hash.bytes.fill(static_cast<std::byte>(value));
  made.raw_bytes = 1000u + static_cast<std::uint32_t>(value);
  return made;
}

}  // namespace

TEST_CASE("seen_xorb: what is encoded is decoded, and nothing else", "[storage][seen_xorb]") {
  const auto row =
      GENERATE(SeenXorb{}, SeenXorb{{0, chunk(1)}}, SeenXorb{{seen_chunks_max - 1, chunk(2)}},
               SeenXorb{{0, chunk(1)}, {1, chunk(2)}, {7, chunk(3)}, {8, chunk(4)}, {10, chunk(5)}},
               SeenXorb{{5, chunk(1)}, {6, chunk(1)}});
  CHECK(*decode_seen_xorb(encode_seen_xorb(row)) == row);
  testing::check_strict(encode_seen_xorb(row), decode_seen_xorb);
}

TEST_CASE("seen_xorb: a run costs its hashes and lengths", "[storage][seen_xorb]") {
  SeenXorb row;
  for (std::uint32_t i = 0; i < 1000; ++i) row[i] = chunk(static_cast<int>(i % 100));
  CHECK(encode_seen_xorb(row).size() <= 1000 * (32 + 2) + 8);
}

TEST_CASE("seen_xorb: chunks of more than a xorb has are refused", "[storage][seen_xorb]") {
  CHECK_FALSE(decode_seen_xorb(encode_seen_xorb({{seen_chunks_max, chunk(1)}})));
  CHECK_FALSE(decode_seen_xorb(
      encode_seen_xorb({{seen_chunks_max - 1, chunk(1)}, {seen_chunks_max, chunk(1)}})));
}

}  // namespace waag::storage
