#include "storage/mirror/xet_chunks.h"

#include "protocol/xet/chunker.h"
#include "protocol/xet/merkle.h"
#include "tests/support/store_fixture.h"

namespace waag::storage {
namespace {

constexpr std::string_view hub = "https://hub.example";

XorbHash xorb(int value) {
  XorbHash hash;
  hash.bytes.fill(static_cast<std::byte>(value));
  return hash;
}

/// A store that holds one file, and what its chunks are.
struct ChunksFixture : testing::StoreFixture {
  std::string content = testing::noise(3, 300'000);
  SeenXorb chunks;
  std::vector<std::string> bytes;

  ChunksFixture() {
    ingest(content);
    std::size_t at = 0;
    for (const auto length : xet::chunk_lengths(as_bytes(content))) {
      bytes.push_back(content.substr(at, length));
      const auto number = static_cast<std::uint32_t>(chunks.size());
      chunks[number] = {xet::chunk_hash(as_bytes(bytes.back())),
                        static_cast<std::uint32_t>(length)};
      at += length;
    }
  }
  XetChunks of(std::string_view upstream) {
    return XetChunks(store->rows(), store->packs(), upstream);
  }
};

}  // namespace

TEST_CASE_METHOD(ChunksFixture, "xet_chunks: what came is known at the next start, and added to",
                 "[storage][xet_chunks]") {
  const auto first = *chunks.begin();
  CHECK(of(hub).seen(xorb(1))->empty());
  REQUIRE(of(hub).add({{xorb(1), {first}}, {xorb(2), {}}}));
  REQUIRE(of(hub).add({{xorb(1), {{9, chunks[1]}}}, {xorb(3), chunks}}));
  reopen();
  CHECK(*of(hub).seen(xorb(1)) == SeenXorb{first, {9, chunks[1]}});
  CHECK(of(hub).seen(xorb(2))->empty());
  CHECK(*of(hub).seen(xorb(3)) == chunks);
  REQUIRE(of(hub).add({{xorb(1), {{9, chunks[0]}}}}));
  CHECK(of(hub).seen(xorb(1))->at(9) == chunks[0]);
}

TEST_CASE_METHOD(ChunksFixture, "xet_chunks: many xorbs at once are all kept",
                 "[storage][xet_chunks]") {
  std::map<XorbHash, SeenXorb> many;
  for (int i = 0; i < 50; ++i) many[xorb(i)] = chunks;
  REQUIRE(of(hub).add(many));
  for (int i = 0; i < 50; ++i) CHECK(*of(hub).seen(xorb(i)) == chunks);
}

TEST_CASE_METHOD(ChunksFixture, "xet_chunks: what one upstream sent is not another's",
                 "[storage][xet_chunks]") {
  REQUIRE(of(hub).add({{xorb(1), chunks}}));
  CHECK(of("https://other.example").seen(xorb(1))->empty());
}

TEST_CASE_METHOD(ChunksFixture, "xet_chunks: chunks of the store are read by their hash",
                 "[storage][xet_chunks]") {
  const auto here = of(hub);
  for (const auto& [number, chunk] : chunks) {
    CHECK(*here.holds(chunk));
    const auto read = here.read(chunk);
    REQUIRE(read);
    CHECK(as_text(*read) == bytes[number]);
  }
  auto other = chunks[0];
  other.raw_bytes += 1;
  CHECK_FALSE(*here.holds(other));
  CHECK(here.read(other).error().code == Errc::not_found);
  other.hash.bytes.fill(std::byte{1});
  CHECK_FALSE(*here.holds(other));
}

}  // namespace waag::storage
