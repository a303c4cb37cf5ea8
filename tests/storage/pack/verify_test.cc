#include <catch2/catch.hpp>

#include "protocol/git/object.h"
#include "protocol/hash.h"
#include "tests/storage/pack/pack_support.h"

namespace waag::storage {

using testing::chunk_record;
using testing::MemoryPacks;

namespace {

/// A file of which one stretch cannot be read.
class BadSector final : public File {
 public:
  BadSector(std::unique_ptr<File> inner, std::uint64_t begin, std::uint64_t end)
      : inner_(std::move(inner)), begin_(begin), end_(end) {}
  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset < end_ && offset + out.size() > begin_) return fail(Errc::unavailable, "EIO");
    return inner_->read(offset, out);
  }
  Status write(std::uint64_t offset, ByteView bytes) override {
    return inner_->write(offset, bytes);
  }
  Status sync() override { return inner_->sync(); }
  Status truncate(std::uint64_t size_bytes) override { return inner_->truncate(size_bytes); }
  Result<std::uint64_t> size() const override { return inner_->size(); }
  int descriptor() const override { return -1; }

 private:
  std::unique_ptr<File> inner_;
  std::uint64_t begin_, end_;
};

}  // namespace

TEST_CASE("verify: hashes of every kind of record", "[storage][pack]") {
  const auto raw = as_bytes("tree or not");
  DirectoryEntry entry;
  entry.hash = xet::chunk_hash(raw).bytes;
  CHECK(pack::matches_hash(entry, raw));
  CHECK_FALSE(pack::matches_hash(entry, as_bytes("other")));
  const auto id = git::blob_id(raw);
  entry.hash = {};
  std::copy(id.bytes.begin(), id.bytes.end(), entry.hash.begin());
  entry.at.kind = RecordKind::git_blob;
  CHECK(pack::matches_hash(entry, raw));
  entry.at.kind = RecordKind::git_tree;
  CHECK_FALSE(pack::matches_hash(entry, raw));
  entry.at.kind = RecordKind{0};
  CHECK_FALSE(pack::matches_hash(entry, raw));
}

TEST_CASE("verify: a record whose bytes are not what its hash names is found", "[storage][pack]") {
  MemoryPacks packs(51);
  REQUIRE(packs.open({}));
  const auto raw = testing::random_bytes(packs.random, 1000);
  auto lying = chunk_record(raw);
  lying.hash[0] ^= std::byte{1};
  auto writer = *packs.set->writer(PackClass::chunks);
  const auto at = (*writer->append_group(std::vector<RecordIn>{chunk_record(raw), lying})).front();
  const auto found = packs.set->verify(at.pack);
  REQUIRE(found);
  REQUIRE(found->size() == 1);
  CHECK(found->front().damaged_record == 1);
  CHECK(found->front().what == "record 1: hash differs");
}

TEST_CASE("verify: a flipped bit in head, directory or payload is found", "[storage][pack]") {
  MemoryPacks packs(52);
  REQUIRE(packs.open({}));
  const auto raw = testing::random_bytes(packs.random, 1000);
  auto writer = *packs.set->writer(PackClass::chunks);
  const auto at = (*writer->append_group(std::vector<RecordIn>{chunk_record(raw)})).front();
  const auto extents = *writer->sync();
  const std::size_t byte = GENERATE(9u, 16u, 4092u, 4096u + 5, 4096u + 80, 8192u, 8192u + 999);
  CAPTURE(byte);
  auto files = packs.fs.files();
  auto& [path, bytes] = *files.begin();
  bytes[byte] ^= std::byte{0x10};
  packs.fs.put(path, bytes);
  REQUIRE(packs.open(extents));
  const auto found = packs.set->verify(at.pack);
  REQUIRE(found);
  CHECK_FALSE(found->empty());
}

TEST_CASE("verify: bytes that the disk does not give are no damage", "[storage][pack]") {
  MemoryPacks packs(57);
  REQUIRE(packs.open({}));
  const auto a = testing::random_bytes(packs.random, 5000);
  const auto b = testing::random_bytes(packs.random, 5000);
  auto writer = *packs.set->writer(PackClass::chunks);
  const auto at = *writer->append_group(std::vector<RecordIn>{chunk_record(a), chunk_record(b)});
  const auto end = static_cast<std::uint64_t>(at[1].offset) + at[1].stored_bytes;
  auto path = packs.fs.files().begin()->first;
  const BadSector file(*packs.fs.open(path, OpenMode::read), end - 1, end);
  const auto found = pack::verify_pack(file, at[0].pack, pack::align_up(end), /*sealed=*/false);
  REQUIRE(found.size() == 1);
  CHECK_FALSE(found[0].damaged_record);
  CHECK(found[0].what == "record 1: EIO");
}

TEST_CASE("verify: records behind a damaged group are looked at too", "[storage][pack]") {
  MemoryPacks packs(58);
  packs.options.pack_bytes_max = 300'000;
  REQUIRE(packs.open({}));
  auto writer = *packs.set->writer(PackClass::chunks);
  std::vector<Location> at;
  while (at.empty() || packs.set->list()->size() < 2) {  // until the first pack is sealed
    const auto raw = testing::random_bytes(packs.random, 50'000);
    at.push_back((*writer->append_group(std::vector<RecordIn>{chunk_record(raw)})).front());
  }
  for (const auto& [path, bytes] : packs.fs.files()) {
    if (path.extension() != ".pack") continue;
    auto damaged = bytes;
    damaged[at[0].offset - pack::block_bytes + pack::group_header_bytes] ^= std::byte{1};
    damaged[at[2].offset] ^= std::byte{1};
    packs.fs.put(path, std::move(damaged));
  }
  REQUIRE(packs.open({}));
  const auto found = packs.set->verify(at[0].pack);
  REQUIRE(found);
  std::vector<std::uint32_t> records;
  for (const auto& finding : *found)
    if (finding.damaged_record) records.push_back(*finding.damaged_record);
  CHECK(records == std::vector<std::uint32_t>{2});
}

}  // namespace waag::storage
