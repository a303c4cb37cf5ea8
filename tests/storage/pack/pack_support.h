#pragma once

#include <map>

#include "protocol/xet/merkle.h"
#include "storage/pack/pack_file.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/store_workload.h"

/// What the tests of packs share: random payloads, and a pack set in memory.
namespace waag::testing {

inline const std::filesystem::path packs_folder = "data/packs";

inline Bytes random_bytes(SeededRandom& random, std::size_t size) {
  Bytes bytes(size);
  random.fill(bytes);
  return bytes;
}

/// A chunk record over `raw`, named as matches_hash wants it.
inline storage::RecordIn chunk_record(ByteView raw, storage::Codec codec = storage::Codec::raw) {
  storage::RecordIn record;
  record.hash = xet::chunk_hash(raw).bytes;
  record.codec = codec;
  record.raw = raw;
  return record;
}

/// Text of `size` bytes that every encoding shrinks.
inline Bytes text_bytes(SeededRandom& random, std::size_t size) {
  static constexpr std::string_view words = "tensor layer weight bias model config token ";
  Bytes bytes(size);
  std::size_t at = random.next() % words.size();
  for (auto& byte : bytes) {
    byte = static_cast<std::byte>(words[at]);
    at = (random.next() % 16 == 0 ? random.next() : at + 1) % words.size();
  }
  return bytes;
}

struct MemoryPacks {
  MemoryFileSystem fs;
  SeededRandom random;
  storage::PackSet::Options options;
  std::unique_ptr<storage::PackSet> set;

  explicit MemoryPacks(std::uint64_t seed) : random(seed) {
    (void)fs.create_dir("data");
    options.pack_bytes_max = 1u << 20;
    options.group_bytes_max = 256u << 10;
  }
  /// Opens, as a process does at its start; a set that is already open is forgotten as kill -9
  /// does.
  Status open(const std::vector<storage::PackExtent>& extents) {
    set.reset();
    WAAG_TRY(set, storage::PackSet::open(fs, random, packs_folder, options));
    return set->recover(extents);
  }
};

}  // namespace waag::testing
