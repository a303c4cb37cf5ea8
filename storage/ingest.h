#pragma once

#include <memory>
#include <optional>

#include "storage/meta/row_store.h"
#include "storage/pack/pack_set.h"

namespace waag::storage {

/// What the caller was promised about the bytes; checked before anything becomes visible.
struct IngestExpect {
  std::optional<BlobId> id;
  std::optional<std::uint64_t> size_bytes;
};

struct IngestedBlob {
  BlobId id;
  FileHash file_hash;
  std::uint64_t size_bytes = 0;
  std::uint64_t new_bytes = 0;     // raw bytes of chunks the store did not have
  std::uint64_t stored_bytes = 0;  // what they take at rest
};

/// The way in for one file's bytes: SHA-256, chunking, dedup, packs, one pass. Holds <= 4 MiB.
/// write() blocks (disk, CPU): call it off the network thread. Not thread-safe; destroying an
/// unfinished one leaves garbage in a pack, never a row.
class Ingest {
 public:
  virtual ~Ingest() = default;
  virtual Status write(ByteView bytes) = 0;
  /// Flushes, verifies, makes durable. Errc::unprocessable if size or hash differ from what was
  /// expected; then nothing was published. `extra` rows ride in the same transaction (possession,
  /// sessions).
  virtual Result<IngestedBlob> finish(const IngestExpect& expect, Transaction extra = {}) = 0;
};

std::unique_ptr<Ingest> begin_ingest(RowStore& rows, PackSet& packs);

}  // namespace waag::storage
