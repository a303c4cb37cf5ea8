#include "storage/intake/blob_description.h"

#include <catch2/catch.hpp>

#include "storage/meta/keys.h"
#include "tests/support/store_workload.h"

namespace waag::storage {
namespace {

/// A hash whose last word is `word`.
ChunkHash hash_with(std::uint64_t word) {
  ChunkHash hash;
  hash.bytes.fill(std::byte{0x5a});
  std::memcpy(hash.bytes.data() + 24, &word, sizeof word);
  return hash;
}

}  // namespace

TEST_CASE("blob description: one chunk of 1024 is eligible", "[storage]") {
  CHECK(is_dedup_eligible(hash_with(0)));
  CHECK(is_dedup_eligible(hash_with(3 * 1024)));
  CHECK_FALSE(is_dedup_eligible(hash_with(3 * 1024 + 1)));
}

TEST_CASE("blob description: rows of a new blob", "[storage]") {
  BlobDescription blob;
  const std::vector<xet::HashedLength> chunks{
      {hash_with(1), 10}, {hash_with(1024), 20}, {hash_with(7), 30}, {hash_with(1024), 20}};
  for (const auto& chunk : chunks) blob.add_chunk(chunk.hash, chunk.bytes);
  blob.add_term({XorbHash{}, 0, 4, 80});
  CHECK(blob.finish() == xet::file_hash(chunks));
  CHECK(blob.manifest().size_bytes == 80);
  Transaction rows;
  BlobId id;
  id.bytes.fill(std::byte{1});
  blob.put_rows(rows, id);
  std::vector<std::string> written;
  for (const auto& row : rows.puts) written.push_back(row.key);
  std::ranges::sort(written);
  std::vector<std::string> wanted{keys::blob(id), keys::file(blob.manifest().file_hash),
                                  keys::dedup(hash_with(1), id), keys::dedup(hash_with(1024), id)};
  std::ranges::sort(wanted);
  CHECK(written == wanted);
}

}  // namespace waag::storage
