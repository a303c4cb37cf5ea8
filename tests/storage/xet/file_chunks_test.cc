#include "storage/xet/file_chunks.h"

#include <catch2/catch.hpp>

#include "tests/support/xet/store.h"

namespace waag::storage {

TEST_CASE("file chunks: those of a part of a blob", "[storage][xet]") {
  testing::XetStore store(7);
  REQUIRE(store.open());
  const auto file = store.noise(2'500'000);
  testing::XetPacker packer(7);
  packer.add(store.noise(100'000));
  packer.add(file);
  REQUIRE(store.send(packer.take()));
  const auto id = sha256(file);
  for (int round = 0; round < 20; ++round) {
    const auto begin = store.random.next() % file.size();
    const auto end = begin + 1 + store.random.next() % (file.size() - begin);
    const auto found = file_chunks(store.rows, id, begin, end);
    REQUIRE(found);
    REQUIRE(found->at <= begin);
    auto at = found->at;
    for (const auto& chunk : found->chunks) {
      REQUIRE(at + chunk.raw_bytes <= file.size());
      REQUIRE(chunk.hash == xet::chunk_hash(ByteView(file).subspan(at, chunk.raw_bytes)));
      at += chunk.raw_bytes;
    }
    REQUIRE(at >= end);
  }
  CHECK(file_chunks(store.rows, id, file.size(), file.size() + 1)->chunks.empty());
  const auto none = file_chunks(store.rows, sha256({}), 0, 1);
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Errc::not_found);
}

}  // namespace waag::storage
