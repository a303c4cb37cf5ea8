#include <catch2/catch.hpp>

#include "protocol/git/object.h"
#include "protocol/hash.h"
#include "tests/storage/pack/pack_support.h"

namespace waag::storage {

using testing::chunk_record;
using testing::MemoryPacks;

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
  CHECK(found->front().find("record 1: hash differs") != std::string::npos);
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

}  // namespace waag::storage
