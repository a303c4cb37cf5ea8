#include "storage/pack/open_pack.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "storage/os/recording_file_system.h"
#include "tests/storage/pack/pack_support.h"

namespace waag::storage {
namespace {

using testing::chunk_record;
using testing::MemoryPacks;

struct Written {
  Bytes raw;
  Location at;
};

/// Appends one group of one chunk of `size` random bytes.
Result<Written> append(MemoryPacks& packs, PackWriter& writer, std::size_t size) {
  Written made{testing::random_bytes(packs.random, size), {}};
  WAAG_TRY(const auto at, writer.append_group(std::vector<RecordIn>{chunk_record(made.raw)}));
  made.at = at.front();
  return made;
}

std::filesystem::path only_file(const MemoryPacks& packs) {
  const auto files = packs.fs.files();
  REQUIRE(files.size() == 1);
  return files.begin()->first;
}

}  // namespace

TEST_CASE("open pack: what the journal does not know is cut and written over", "[storage][pack]") {
  MemoryPacks packs(21);
  REQUIRE(packs.open({}));
  auto writer = *packs.set->writer(PackClass::chunks);
  const auto known = *append(packs, *writer, 10'000);
  const auto extents = *writer->sync();
  const auto lost = *append(packs, *writer, 50'000);
  REQUIRE(writer->sync());

  REQUIRE(packs.open(extents));
  CHECK(*packs.set->read(known.at) == known.raw);
  CHECK((*packs.set->directory(known.at.pack))->entries.size() == 1);
  writer = *packs.set->writer(PackClass::chunks);
  const auto next = *append(packs, *writer, 100);
  CHECK(next.at.offset == lost.at.offset);
  CHECK(next.at.record == lost.at.record);
  CHECK(packs.fs.files().begin()->second.size() == extents.back().end + 2 * pack::block_bytes);
  CHECK_FALSE(packs.set->read(lost.at));
}

TEST_CASE("open pack: a tail of every length is recovered from", "[storage][pack]") {
  MemoryPacks packs(22);
  REQUIRE(packs.open({}));
  auto writer = *packs.set->writer(PackClass::chunks);
  const auto known = *append(packs, *writer, 3000);
  const auto extents = *writer->sync();
  (void)*append(packs, *writer, 5000);
  const auto path = only_file(packs);
  const auto whole = packs.fs.files().at(path);
  for (std::size_t size = extents.back().end; size <= whole.size(); size += 509) {
    packs.fs.put(path, Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    REQUIRE(packs.open(extents));
    REQUIRE(*packs.set->read(known.at) == known.raw);
    auto again = *packs.set->writer(PackClass::chunks);
    const auto next = append(packs, *again, 700);
    REQUIRE(next);
    REQUIRE(*packs.set->read(next->at) == next->raw);
    REQUIRE(packs.set->verify(known.at.pack)->empty());
  }
}

TEST_CASE("open pack: an unjournaled group between two journaled ones stays", "[storage][pack]") {
  MemoryPacks packs(23);
  REQUIRE(packs.open({}));
  auto first = *packs.set->writer(PackClass::chunks);
  const auto a = *append(packs, *first, 1000);
  auto extents = *first->sync();
  auto failed = *packs.set->writer(PackClass::chunks);
  (void)*append(packs, *failed, 1000);  // an upload that never finished
  auto second = *packs.set->writer(PackClass::chunks);
  const auto b = *append(packs, *second, 1000);
  const auto more = *second->sync();
  extents.insert(extents.end(), more.begin(), more.end());
  CHECK(b.at.record == 2);
  REQUIRE(packs.open(extents));
  CHECK(*packs.set->read(a.at) == a.raw);
  CHECK(*packs.set->read(b.at) == b.raw);
  CHECK((*packs.set->directory(b.at.pack))->entries.at(2).at == b.at);
}

TEST_CASE("open pack: a damaged group costs its own records only", "[storage][pack]") {
  MemoryPacks packs(24);
  REQUIRE(packs.open({}));
  std::vector<Written> written;
  std::vector<PackExtent> extents;
  for (int i = 0; i < 3; ++i) {
    auto writer = *packs.set->writer(PackClass::chunks);
    written.push_back(*append(packs, *writer, 2000));
    const auto more = *writer->sync();
    extents.insert(extents.end(), more.begin(), more.end());
  }
  const auto path = only_file(packs);
  auto bytes = packs.fs.files().at(path);
  bytes[extents[1].begin + 30] ^= std::byte{1};
  packs.fs.put(path, bytes);
  REQUIRE(packs.open(extents));
  const auto directory = *packs.set->directory(written[0].at.pack);
  REQUIRE(directory->entries.size() == 3);
  CHECK(directory->entries[0].at == written[0].at);
  CHECK(directory->entries[1].at.kind == RecordKind{0});
  CHECK(directory->entries[2].at == written[2].at);
  CHECK_FALSE(packs.set->verify(written[0].at.pack)->empty());
  auto writer = *packs.set->writer(PackClass::chunks);  // nothing is appended to a damaged pack
  CHECK((*append(packs, *writer, 100)).at.pack != written[0].at.pack);
}

TEST_CASE("open pack: a file whose head was never written is removed", "[storage][pack]") {
  MemoryPacks packs(25);
  const std::filesystem::path path = testing::packs_folder / "01" / "0123456789abcdef.open";
  packs.fs.put(path, Bytes(GENERATE(0u, 17u, 4096u)));
  REQUIRE(packs.open({}));
  CHECK_FALSE(packs.fs.exists(path));
}

TEST_CASE("open pack: of a file that could not be made nothing stays", "[storage][pack]") {
  MemoryPacks packs(29);
  REQUIRE(packs.open({}));
  auto writer = *packs.set->writer(PackClass::chunks);
  packs.fs.fail_syncs(1);
  CHECK_FALSE(append(packs, *writer, 1000));
  CHECK(packs.fs.files().empty());
  CHECK(append(packs, *writer, 1000));
}

TEST_CASE("open pack: a head that no extent proves durable is written again", "[storage][pack]") {
  MemoryPacks packs(30);
  const PackId id{0x0123456789abcdef};
  const auto path = pack::pack_path(testing::packs_folder, id, /*open=*/true);
  packs.fs.put(path, pack::encode_head({id, PackClass::chunks}));
  RecordingFileSystem disk(packs.fs);
  packs.set = *PackSet::open(disk, packs.random, testing::packs_folder, packs.options);
  REQUIRE(packs.set->recover({}));
  auto writer = *packs.set->writer(PackClass::chunks);
  REQUIRE(append(packs, *writer, 1000)->at.pack == id);
  REQUIRE(writer->sync());
  const auto log = disk.log();
  const auto head = std::ranges::find_if(
      log, [](const FileOp& op) { return op.kind == FileOp::Kind::write && op.offset == 0; });
  REQUIRE(head != log.end());
  CHECK(head->bytes == pack::encode_head({id, PackClass::chunks}));
  CHECK(log.back().kind == FileOp::Kind::sync);
}

TEST_CASE("open pack: a full disk fails the group and leaves the rest whole", "[storage][pack]") {
  MemoryPacks packs(26);
  REQUIRE(packs.open({}));
  auto writer = *packs.set->writer(PackClass::chunks);
  const auto known = *append(packs, *writer, 10'000);
  const auto size = packs.fs.files().begin()->second.size();
  packs.fs.set_space(size + GENERATE(0u, 1u, 5000u, 9999u));
  CHECK(append(packs, *writer, 10'000).error().code == Errc::no_space);
  CHECK(packs.fs.files().begin()->second.size() == size);  // what was half written is cut off
  packs.fs.set_space(1u << 30);
  const auto next = append(packs, *writer, 10'000);
  REQUIRE(next);
  const auto extents = writer->sync();
  REQUIRE(extents);
  REQUIRE(packs.open(*extents));
  CHECK(*packs.set->read(known.at) == known.raw);
  CHECK(*packs.set->read(next->at) == next->raw);
}

TEST_CASE("open pack: after a failed sync nothing of it is ever called durable",
          "[storage][pack]") {
  MemoryPacks packs(27);
  REQUIRE(packs.open({}));
  auto first = *packs.set->writer(PackClass::chunks);
  auto second = *packs.set->writer(PackClass::chunks);
  const auto a = *append(packs, *first, 1000);
  const auto b = *append(packs, *second, 1000);
  REQUIRE(a.at.pack == b.at.pack);
  packs.fs.fail_syncs(1);
  CHECK_FALSE(first->sync());
  CHECK_FALSE(second->sync());  // the kernel may have dropped its pages too
  const auto c = append(packs, *second, 1000);
  REQUIRE(c);
  CHECK(c->at.pack != b.at.pack);
  CHECK(second->sync());
}

TEST_CASE("open pack: one sync serves all that was written before", "[storage][pack]") {
  MemoryPacks packs(28);
  REQUIRE(packs.open({}));
  auto first = *packs.set->writer(PackClass::chunks);
  auto second = *packs.set->writer(PackClass::chunks);
  (void)*append(packs, *first, 1000);
  (void)*append(packs, *second, 1000);
  const auto before = packs.fs.syncs();
  REQUIRE(second->sync());
  REQUIRE(first->sync());
  CHECK(packs.fs.syncs() == before + 1);
}

}  // namespace waag::storage
