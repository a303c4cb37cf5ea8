#pragma once

#include <memory>

#include "storage/meta/row_store.h"
#include "storage/pack/pack_set.h"

namespace waag::storage {

struct IngestedXorb {
  bool was_inserted = false;       // false: the store had it, whole
  std::uint64_t raw_bytes = 0;     // of its chunks
  std::uint64_t new_bytes = 0;     // raw bytes of chunks the store did not have
  std::uint64_t stored_bytes = 0;  // what they take at rest
};

/// The way in for one xorb as a Xet client serialises it: every chunk decoded, hashed and stored
/// unless the store has it; one pass. Holds <= 4 MiB. write() blocks (disk, CPU). Not thread-safe;
/// destroying an unfinished one leaves garbage in a pack, never a row. A xorb by itself grants
/// nothing: only a shard's terms, proven by range hashes, lead to it.
class XorbIngest {
 public:
  virtual ~XorbIngest() = default;
  /// Errc::unprocessable if the bytes are no xorb, Errc::too_large above xet::xorb_bytes_max.
  virtual Status write(ByteView bytes) = 0;
  /// Flushes, verifies, makes durable. Errc::unprocessable if its hash is not the promised one;
  /// then nothing was published.
  virtual Result<IngestedXorb> finish() = 0;
};

std::unique_ptr<XorbIngest> begin_xorb_ingest(RowStore& rows, PackSet& packs,
                                              const XorbHash& promised);

}  // namespace waag::storage
