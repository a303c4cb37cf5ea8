#pragma once

#include <unordered_set>

#include "protocol/xet/merkle.h"
#include "storage/intake/tensor_tracker.h"
#include "storage/meta/blob_rows.h"
#include "storage/meta/row_store.h"

namespace waag::storage {

/// Whether clients ask for a chunk with this hash when they look for known data: one of 1024, and
/// beside these the first chunk of each file. Source: XET 7.
bool is_dedup_eligible(const ChunkHash& hash);

/// What becomes known of a blob while its chunks go by, and the rows that will say it.
class BlobDescription {
 public:
  /// The blob's next bytes, for the tensor map.
  void feed(ByteView bytes) { tensors_.feed(bytes); }
  void add_chunk(const ChunkHash& hash, std::uint64_t bytes);
  void add_term(const Term& term) { manifest_.terms.push_back(term); }

  [[nodiscard]] const TensorTracker& tensors() const { return tensors_; }
  [[nodiscard]] const BlobManifest& manifest() const { return manifest_; }
  /// After the last chunk. @return the file hash
  FileHash finish();
  /// All rows of a blob that is new.
  void put_rows(Transaction& transaction, const BlobId& id) const;

 private:
  xet::MerkleBuilder tree_;
  TensorTracker tensors_;
  BlobManifest manifest_;
  std::unordered_set<ChunkHash> dedup_chunks_;
};

}  // namespace waag::storage
