#include "storage/pack/open_pool.h"

#include <thread>

#include <catch2/catch.hpp>

#include "tests/storage/pack/pack_support.h"

namespace waag::storage {

using testing::chunk_record;
using testing::MemoryPacks;

TEST_CASE("open pool: many writers at a time lose nothing", "[storage][pack]") {
  MemoryPacks packs(31);
  packs.options.open_packs_max = 2;  // fewer than threads: some wait
  packs.options.pack_bytes_max = 256u << 10;
  packs.options.group_bytes_max = 64u << 10;
  REQUIRE(packs.open({}));
  struct Stream {
    std::vector<Bytes> raw;
    std::vector<Location> at;
    std::vector<PackExtent> extents;
    bool failed = false;
  };
  std::vector<Stream> streams(6);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < streams.size(); ++t) {
    threads.emplace_back([&packs, &stream = streams[t], t] {
      testing::SeededRandom random(100 + t);
      auto writer = *packs.set->writer(t % 2 == 0 ? PackClass::chunks : PackClass::small_objects);
      for (int i = 0; i < 40; ++i) {
        stream.raw.push_back(testing::random_bytes(random, 1 + random.next() % 30'000));
        const std::vector<RecordIn> group{chunk_record(stream.raw.back())};
        const auto at = writer->append_group(group);
        stream.failed = stream.failed || !at;
        if (!at) return;
        stream.at.push_back(at->front());
      }
      auto extents = writer->sync();
      stream.failed = stream.failed || !extents;
      if (extents) stream.extents = *std::move(extents);
    });
  }
  for (auto& thread : threads) thread.join();
  std::vector<PackExtent> all;
  for (const auto& stream : streams) {
    REQUIRE_FALSE(stream.failed);
    all.insert(all.end(), stream.extents.begin(), stream.extents.end());
  }
  REQUIRE(packs.open(all));
  for (const auto& stream : streams)
    for (std::size_t i = 0; i < stream.at.size(); ++i)
      REQUIRE(*packs.set->read(stream.at[i]) == stream.raw[i]);
  const auto ids = packs.set->list();
  REQUIRE(ids);
  for (const auto id : *ids) CHECK(packs.set->verify(id)->empty());
}

TEST_CASE("open pool: classes do not share packs", "[storage][pack]") {
  MemoryPacks packs(32);
  REQUIRE(packs.open({}));
  const auto raw = testing::random_bytes(packs.random, 500);
  const std::vector<RecordIn> group{chunk_record(raw)};
  auto chunks = *packs.set->writer(PackClass::chunks);
  auto small = *packs.set->writer(PackClass::small_objects);
  const auto a = (*chunks->append_group(group)).front();
  const auto b = (*small->append_group(group)).front();
  CHECK(a.pack != b.pack);
  CHECK(b.offset == pack::head_bytes + pack::group_header_bytes + pack::entry_bytes);
  const auto c = (*small->append_group(group)).front();
  CHECK(c.pack == b.pack);
  CHECK(c.offset == b.offset + pack::block_bytes);  // a small object costs one block, not two
}

}  // namespace waag::storage
