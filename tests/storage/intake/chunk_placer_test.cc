#include "storage/intake/chunk_placer.h"

#include <catch2/catch.hpp>

#include "storage/meta/damage.h"
#include "storage/meta/keys.h"
#include "tests/support/blob_store.h"

// How files and xorbs fare with it: ingest_test.cc, xet/xorb_ingest_test.cc.

namespace waag::storage {
namespace {

using testing::BlobStore;

struct Chunks {
  std::vector<Bytes> raw;
  std::vector<ChunkIn> in;
  void add(Bytes bytes) {
    raw.push_back(std::move(bytes));
    in.clear();
    for (const auto& one : raw) in.push_back({xet::chunk_hash(one), 0, one});
  }
};

const ChunkPlacer::Describe plain = [](const ChunkIn&) { return RecordIn{}; };

}  // namespace

TEST_CASE("chunk placer: each new chunk is written once and asked about once", "[storage]") {
  BlobStore store(1);
  REQUIRE(store.open());
  Chunks chunks;
  const auto same = store.noise(5000);
  chunks.add(same);
  chunks.add(store.noise(6000));
  chunks.add(same);
  int asked = 0;
  const ChunkPlacer::Describe describe = [&asked](const ChunkIn&) {
    ++asked;
    return RecordIn{};
  };
  ChunkPlacer placer(store.rows, *store.packs);
  const auto places = placer.place(chunks.in, describe);
  REQUIRE(places);
  CHECK(asked == 2);
  CHECK((*places)[0] == (*places)[2]);
  CHECK(placer.new_bytes() == 11'000);
  CHECK_FALSE(*store.rows.get(keys::chunk(chunks.in[0].hash)));  // not durable yet
  REQUIRE(placer.place(chunks.in, describe));                    // but known here
  CHECK(asked == 2);
  REQUIRE(placer.publish());
  CHECK(*decode_location(**store.rows.get(keys::chunk(chunks.in[0].hash))) == (*places)[0]);
  ChunkPlacer other(store.rows, *store.packs);
  CHECK((*other.place(chunks.in, describe))[1] == (*places)[1]);
  CHECK(asked == 2);
  CHECK(other.new_bytes() == 0);
}

TEST_CASE("chunk placer: a xorb's row once, unless its runs are damaged", "[storage]") {
  BlobStore store(2);
  REQUIRE(store.open());
  Chunks chunks;
  chunks.add(store.noise(5000));
  chunks.add(store.noise(6000));
  const std::vector<xet::HashedLength> listed{{chunks.in[0].hash, 5000}, {chunks.in[1].hash, 6000}};
  const auto hash = xet::xorb_hash(listed);
  const auto store_xorb = [&]() -> Result<bool> {
    ChunkPlacer placer(store.rows, *store.packs);
    WAAG_TRY(const auto places, placer.place(chunks.in, plain));
    RunBuilder runs;
    for (const auto& at : places) runs.add(at);
    WAAG_TRY(const bool is_new, placer.add_xorb(hash, listed, std::move(runs.runs)));
    WAAG_CHECK(placer.publish());
    return is_new;
  };
  CHECK(*store_xorb());
  CHECK_FALSE(*store_xorb());
  const auto row = *decode_xorb(**store.rows.get(keys::xorb(hash)));
  REQUIRE(row.runs.size() == 1);
  note_damage(store.rows, *store.packs, {row.runs[0].pack, row.runs[0].first_record});
  CHECK(*store_xorb());
  CHECK(decode_xorb(**store.rows.get(keys::xorb(hash)))->runs.size() == 2);
}

TEST_CASE("chunk placer: runs are consecutive records of one pack", "[storage]") {
  RunBuilder runs;
  Location at;
  at.pack = PackId{1};
  for (const std::uint32_t record : {4u, 5u, 6u, 8u}) {
    at.record = record;
    runs.add(at);
  }
  at.pack = PackId{2};
  at.record = 9;
  runs.add(at);
  CHECK(runs.runs ==
        std::vector<RecordRun>{{PackId{1}, 4, 3}, {PackId{1}, 8, 1}, {PackId{2}, 9, 1}});
}

TEST_CASE("chunk placer: text is told by each chunk, the rest by a probe of a stretch",
          "[storage]") {
  BlobStore store(3);
  CodecProbe probe;
  const auto noise = store.noise(20'000);
  const Bytes text(20'000, std::byte{'a'});
  const Bytes zeros(20'000);
  CHECK(probe.choose({{}, 0, noise}) == Codec::raw);
  CHECK(probe.choose({{}, 20'000, text}) == Codec::zstd);
  CHECK(probe.choose({{}, 40'000, zeros}) == Codec::raw);  // within the stretch
  CHECK(probe.choose({{}, 4u << 20, zeros}) == Codec::lz4);
}

TEST_CASE("chunk placer: an empty transaction, and one put to another", "[storage]") {
  Transaction to;
  CHECK(is_empty(to));
  Transaction from;
  from.puts.push_back({"a", "b"});
  from.dels.push_back("c");
  append(to, std::move(from));
  CHECK_FALSE(is_empty(to));
  CHECK(to.puts.size() == 1);
  CHECK(to.dels.size() == 1);
}

}  // namespace waag::storage
