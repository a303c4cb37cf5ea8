#pragma once

#include <memory>
#include <string>

#include "storage/meta/row_store.h"
#include "storage/pack/pack_set.h"

namespace waag::storage {

struct ShardOwner {
  std::string user;  // gets the possession of the shard's files, for this repo
  std::uint64_t repo_uid = 0;
};

struct ShardProgress {
  std::uint64_t verified_bytes = 0;  // of files whose SHA-256 was not known to be right
  std::uint64_t total_bytes = 0;
  [[nodiscard]] bool done() const { return verified_bytes == total_bytes; }
};

struct IngestedShard {
  std::uint64_t files = 0;
  std::uint64_t new_files = 0;
  std::uint64_t bytes = 0;  // of all its files
};

/// The way in for files that consist of chunks the store has: a Xet client's shard. Each file is
/// checked while the shard arrives: its xorbs are here, its range hashes prove that the sender
/// knows their chunks, its hash is that of its chunks. Its SHA-256 is a claim until the bytes were
/// read once. Nothing is published before everything was verified. Blocks; not thread-safe.
///
///   write()* → end() → verify() until done → publish()
class ShardIngest {
 public:
  virtual ~ShardIngest() = default;
  /// Errc::unprocessable if it is no shard or anything in it is not as the store has it;
  /// Errc::too_large.
  virtual Status write(ByteView bytes) = 0;
  /// The end of the body. Errc::unprocessable if the shard is not whole.
  virtual Result<ShardProgress> end() = 0;
  /// Reads and hashes up to bytes_max of what is unverified; bounds the time of one call.
  /// Errc::unprocessable if a SHA-256 is not that of the bytes.
  virtual Result<ShardProgress> verify(std::uint64_t bytes_max) = 0;
  /// Makes all files durable and records that the owner has them.
  virtual Result<IngestedShard> publish() = 0;
};

std::unique_ptr<ShardIngest> begin_shard_ingest(RowStore& rows, PackSet& packs, ShardOwner owner);

}  // namespace waag::storage
