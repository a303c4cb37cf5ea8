#pragma once

#include <map>

#include "storage/blob_reader.h"
#include "storage/git/objects.h"
#include "storage/repo/reserve.h"
#include "storage/staged_file.h"

namespace waag::storage {

/// Where the files of one commit wait for it: they become durable together, by the syncs of the
/// commit that names them (CommitRequest::staged). Holds some 2 MiB however many they are: full
/// groups go to a pack at once, and of very many files the first ones become durable before. What
/// no commit names is garbage in a pack. Not thread-safe; the store must outlive it.
class StagingArea {
 public:
  StagingArea(RowStore& rows, PackSet& packs, const Reserve& reserve)
      : rows_(rows), packs_(packs), reserve_(reserve), objects_(rows, packs) {}

  /// Errc::no_space below the reserve.
  Result<std::unique_ptr<StagedFile>> file();

  // --- for the file ---
  [[nodiscard]] std::unique_ptr<Ingest> ingest() const;
  Result<std::unique_ptr<BlobReader>> open(const BlobId& blob) const;
  void add_chunked(const GitId& id, const BlobId& blob) { chunked_[id] = blob; }

  // --- for the commit ---
  [[nodiscard]] ObjectWriter& objects() { return objects_; }
  /// The chunked blob that a staged file became; nullptr if there is no such file.
  [[nodiscard]] const BlobId* chunked(const GitId& id) const;
  /// As ObjectWriter's: all that was staged, on the commit's transaction.
  Status settle(Transaction& transaction);
  void settled();

 private:
  RowStore& rows_;
  PackSet& packs_;
  const Reserve& reserve_;
  ObjectWriter objects_;
  std::map<GitId, BlobId> chunked_;  // the store does not know yet which git blobs they are
};

}  // namespace waag::storage
