#include "storage/pack/pack_file.h"

#include <catch2/catch.hpp>

#include "tests/storage/pack/pack_support.h"

namespace waag::storage {
namespace {

using testing::chunk_record;
using testing::MemoryPacks;

struct Kept {
  Bytes raw;
  Location at;
};

/// A pack set that holds one sealed pack; the records in it.
std::vector<Kept> make_sealed(MemoryPacks& packs, std::filesystem::path& sealed) {
  packs.options.pack_bytes_max = 64u << 10;
  packs.options.group_bytes_max = 32u << 10;
  REQUIRE(packs.open({}));
  auto writer = *packs.set->writer(PackClass::chunks);
  std::vector<Kept> kept;
  while (sealed.empty()) {
    Kept one{kept.size() % 2 == 0 ? testing::random_bytes(packs.random, 3000)
                                  : testing::text_bytes(packs.random, 9000),
             {}};
    const std::vector<RecordIn> group{chunk_record(one.raw, Codec::zstd)};
    one.at = (*writer->append_group(group)).front();
    kept.push_back(std::move(one));
    for (const auto& [path, bytes] : packs.fs.files())
      if (path.extension() == ".pack") sealed = path;
  }
  kept.pop_back();  // that one went to the next pack
  return kept;
}

/// Damages the sealed pack as `damage` says and counts records that then read back; a wrong byte
/// fails.
std::size_t readable(MemoryPacks& packs, const std::filesystem::path& path, const Bytes& damaged,
                     const std::vector<Kept>& kept) {
  packs.fs.put(path, damaged);
  REQUIRE(packs.open({}));
  std::size_t good = 0;
  const auto directory = packs.set->directory(kept.front().at.pack);
  for (const auto& one : kept) {
    const auto raw = packs.set->read(one.at);
    if (raw && *raw != one.raw) FAIL("wrong bytes of record " << one.at.record);
    if (!raw && raw.error().code != Errc::corrupt) FAIL(raw.error().what);
    if (!directory || (*directory)->entries.size() <= one.at.record) continue;
    const auto& entry = (*directory)->entries[one.at.record];
    if (!(entry.at == one.at)) FAIL("wrong directory of record " << one.at.record);
    good += raw ? 1 : 0;
  }
  return good;
}

}  // namespace

TEST_CASE("pack file: names", "[storage][pack]") {
  const PackId id{0x00ff00aa12345678};
  CHECK(pack::pack_path("p", id, false) == "p/00/00ff00aa12345678.pack");
  CHECK(pack::pack_path("p", id, true) == "p/00/00ff00aa12345678.open");
  const auto name = pack::parse_file_name("00ff00aa12345678.open");
  REQUIRE(name);
  CHECK(name->pack == id);
  CHECK(name->open);
  CHECK_FALSE(pack::parse_file_name("00FF00aa12345678.open"));
  CHECK_FALSE(pack::parse_file_name("00ff00aa1234567.pack"));
  CHECK_FALSE(pack::parse_file_name("00ff00aa12345678.tmp"));
  CHECK_FALSE(pack::parse_file_name(""));
}

TEST_CASE("pack file: truncations of a sealed pack give errors or right bytes", "[storage][pack]") {
  MemoryPacks packs(41);
  std::filesystem::path path;
  const auto kept = make_sealed(packs, path);
  const auto whole = packs.fs.files().at(path);
  CHECK(readable(packs, path, whole, kept) == kept.size());
  std::size_t best = 0;
  for (std::size_t size = 0; size < whole.size(); size += 97)
    best = std::max(
        best, readable(packs, path,
                       {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}, kept));
  CHECK(best == kept.size());  // a lost footer alone loses nothing
}

TEST_CASE("pack file: bit flips in a sealed pack give errors or right bytes", "[storage][pack]") {
  MemoryPacks packs(42);
  std::filesystem::path path;
  const auto kept = make_sealed(packs, path);
  const auto whole = packs.fs.files().at(path);
  std::size_t lossy = 0;
  for (int round = 0; round < 1500; ++round) {
    auto damaged = whole;
    damaged[packs.random.next() % damaged.size()] ^= std::byte{1} << (packs.random.next() % 8);
    lossy += readable(packs, path, damaged, kept) < kept.size() ? 1 : 0;
  }
  CHECK(lossy > 100);  // most of a pack is payload
}

TEST_CASE("pack file: a raw run is checked over all of its bytes", "[storage][pack]") {
  MemoryPacks packs(43);
  REQUIRE(packs.open({}));
  std::vector<Bytes> raw;
  for (const std::size_t size : {100'000u, 0u, 1u, 30'000u})
    raw.push_back(testing::random_bytes(packs.random, size));
  std::vector<RecordIn> records;
  for (const auto& one : raw) records.push_back(chunk_record(one));
  auto writer = *packs.set->writer(PackClass::chunks);
  const auto at = *writer->append_group(records);
  const auto path = packs.fs.files().begin()->first;
  REQUIRE(pack::check_raw_run(**packs.fs.open(path, OpenMode::read), at));
  for (int round = 0; round < 50; ++round) {
    auto damaged = packs.fs.files().at(path);
    const auto byte = at.front().offset + packs.random.next() % 130'001;
    damaged[byte] ^= std::byte{4};
    testing::MemoryFileSystem other;
    other.put(path, damaged);
    const auto checked = pack::check_raw_run(**other.open(path, OpenMode::read), at);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == Errc::corrupt);
  }
}

}  // namespace waag::storage
