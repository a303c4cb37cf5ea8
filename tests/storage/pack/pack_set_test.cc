#include "storage/pack/pack_set.h"

#include <catch2/catch.hpp>

#include "tests/storage/pack/pack_support.h"

namespace waag::storage {
namespace {

using testing::chunk_record;
using testing::MemoryPacks;

/// A record that was written, and where.
struct Kept {
  Bytes raw;
  Location at;
};

/// Writes groups of some chunks until `bytes` of them were written; syncs at the end.
std::vector<PackExtent> fill(MemoryPacks& packs, std::size_t bytes, std::vector<Kept>& kept) {
  auto writer = *packs.set->writer(PackClass::chunks);
  for (std::size_t written = 0; written < bytes;) {
    std::vector<Bytes> raw;
    for (int i = 0; i < 4; ++i) {
      const auto size = 1 + packs.random.next() % 20000;
      raw.push_back(packs.random.next() % 2 == 0 ? testing::random_bytes(packs.random, size)
                                                 : testing::text_bytes(packs.random, size));
    }
    std::vector<RecordIn> records;
    for (const auto& one : raw)
      records.push_back(chunk_record(one, packs.random.next() % 2 == 0 ? Codec::lz4 : Codec::zstd));
    const auto locations = writer->append_group(records);
    REQUIRE(locations);
    REQUIRE(locations->size() == raw.size());
    for (std::size_t i = 0; i < raw.size(); ++i) {
      written += raw[i].size();
      kept.push_back({std::move(raw[i]), (*locations)[i]});
    }
  }
  const auto extents = writer->sync();
  REQUIRE(extents);
  return *extents;
}

void check_all(PackSet& set, const std::vector<Kept>& kept) {
  for (const auto& one : kept) {
    const auto raw = set.read(one.at);
    REQUIRE(raw);
    REQUIRE(*raw == one.raw);
    const auto directory = set.directory(one.at.pack);
    REQUIRE(directory);
    REQUIRE((*directory)->entries.at(one.at.record).at == one.at);
    REQUIRE((*directory)->entries[one.at.record].hash == xet::chunk_hash(one.raw).bytes);
  }
}

}  // namespace

TEST_CASE("pack set: records are read back, also by another process", "[storage][pack]") {
  MemoryPacks packs(11);
  REQUIRE(packs.open({}));
  std::vector<Kept> kept;
  auto extents = fill(packs, 3u << 20, kept);  // about three packs: some sealed, one open
  REQUIRE(extents.size() >= 2);
  check_all(*packs.set, kept);
  REQUIRE(packs.open(extents));
  check_all(*packs.set, kept);
  const auto more = fill(packs, 1u << 20, kept);  // goes on in the open pack
  CHECK(more.front().pack == extents.back().pack);
  CHECK(more.front().begin == extents.back().end);
  extents.insert(extents.end(), more.begin(), more.end());
  REQUIRE(packs.open(extents));
  check_all(*packs.set, kept);
  const auto ids = packs.set->list();
  REQUIRE(ids);
  for (const auto id : *ids) CHECK(packs.set->verify(id)->empty());
}

TEST_CASE("pack set: packs are sealed at their size", "[storage][pack]") {
  MemoryPacks packs(12);
  REQUIRE(packs.open({}));
  std::vector<Kept> kept;
  fill(packs, 4u << 20, kept);
  std::size_t open = 0;
  for (const auto& [path, bytes] : packs.fs.files()) {
    CHECK(bytes.size() <= packs.options.pack_bytes_max + 64 * 1024);  // and a footer
    CHECK(bytes.size() % pack::block_bytes == 0);
    open += path.extension() == ".open" ? 1 : 0;
  }
  CHECK(open == 1);
  CHECK(packs.fs.files().size() >= 3);
}

TEST_CASE("pack set: an extent's entries come from its groups", "[storage][pack]") {
  MemoryPacks packs(13);
  REQUIRE(packs.open({}));
  std::vector<Kept> kept;
  const auto extents = fill(packs, 2u << 20, kept);
  std::size_t record = 0;
  for (const auto& extent : extents) {
    const auto entries = packs.set->entries(extent);
    REQUIRE(entries);
    CHECK(entries->size() == extent.records);
    for (const auto& entry : *entries) REQUIRE(entry.at == kept.at(record++).at);
  }
  CHECK(record == kept.size());
  auto wrong = extents.front();
  wrong.first_record += 1;
  CHECK(packs.set->entries(wrong).error().code == Errc::corrupt);
  wrong = extents.front();
  wrong.records += 1;
  CHECK(packs.set->entries(wrong).error().code == Errc::corrupt);
  wrong = extents.front();
  wrong.end -= pack::block_bytes;
  CHECK_FALSE(packs.set->entries(wrong));
}

TEST_CASE("pack set: a location that does not fit gives an error, never bytes", "[storage][pack]") {
  MemoryPacks packs(14);
  REQUIRE(packs.open({}));
  std::vector<Kept> kept;
  fill(packs, 100'000, kept);
  for (const auto& one : kept) {
    auto at = one.at;
    at.offset += 1;
    CHECK(packs.set->read(at).error().code == Errc::corrupt);
    at = one.at;
    at.crc ^= 1;
    CHECK(packs.set->read(at).error().code == Errc::corrupt);
    at = one.at;
    at.raw_bytes += 1;
    CHECK(packs.set->read(at).error().code == Errc::corrupt);
    at = one.at;
    at.raw_bytes = 0xffffffff;
    CHECK(packs.set->read(at).error().code == Errc::corrupt);
    at = one.at;
    at.offset = 0xfffffff0;
    CHECK(packs.set->read(at).error().code == Errc::corrupt);
    at = one.at;
    at.pack = PackId{7};
    CHECK(packs.set->read(at).error().code == Errc::corrupt);
  }
}

TEST_CASE("pack set: raw records next to each other are one run", "[storage][pack]") {
  MemoryPacks packs(15);
  REQUIRE(packs.open({}));
  const auto a = testing::random_bytes(packs.random, 70'000);
  const auto b = testing::random_bytes(packs.random, 1);
  const auto c = testing::text_bytes(packs.random, 5'000);
  auto writer = *packs.set->writer(PackClass::chunks);
  const std::vector<RecordIn> records{chunk_record(a), chunk_record(b),
                                      chunk_record(c, Codec::zstd)};
  const auto at = *writer->append_group(records);
  CHECK(pack::is_raw_run(std::span(at).first(2)));
  CHECK(pack::is_raw_run(std::span(at).subspan(1, 1)));
  CHECK_FALSE(pack::is_raw_run(at));
  const std::vector<Location> reversed{at[1], at[0]};
  CHECK_FALSE(pack::is_raw_run(reversed));
  CHECK_FALSE(pack::is_raw_run({}));
}

TEST_CASE("pack set: groups that are too large or empty are refused", "[storage][pack]") {
  MemoryPacks packs(16);
  REQUIRE(packs.open({}));
  const Bytes half(150u << 10);
  auto writer = *packs.set->writer(PackClass::chunks);
  const std::vector<RecordIn> two{chunk_record(half), chunk_record(half)};
  CHECK(writer->append_group(two).error().code == Errc::invalid_argument);
  CHECK(writer->append_group({}).error().code == Errc::invalid_argument);
  const auto large =
      testing::random_bytes(packs.random, 2u << 20);  // one alone may be: a pack of its own
  const auto at = writer->append_group(std::vector<RecordIn>{chunk_record(large)});
  REQUIRE(at);
  CHECK(*packs.set->read(at->front()) == large);
  CHECK(writer->append_group(std::vector<RecordIn>{chunk_record(half)}));
}

TEST_CASE("pack set: options out of range are refused", "[storage][pack]") {
  MemoryPacks packs(17);
  packs.options.pack_bytes_max = 2u << 30;
  CHECK(packs.open({}).error().code == Errc::invalid_argument);
  packs.options.pack_bytes_max = 1u << 20;
  packs.options.open_packs_max = 0;
  CHECK(packs.open({}).error().code == Errc::invalid_argument);
}

}  // namespace waag::storage
