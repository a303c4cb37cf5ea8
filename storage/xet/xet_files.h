#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "protocol/xet/merkle.h"
#include "protocol/xet/reconstruction.h"
#include "storage/blob_reader.h"
#include "storage/repo/reserve.h"
#include "storage/xet/shard_ingest.h"
#include "storage/xet/xorb_ingest.h"

namespace waag::storage {

struct XetFile {
  BlobId id;
  std::uint64_t size_bytes = 0;
};

/// What a dedup answer is made of besides the chunks.
struct DedupKey {
  xet::Key key{};  // chunk hashes are keyed with it
  std::uint64_t created_s = 0;
  std::uint64_t expires_s = 0;
};

/// The store as the Xet protocol sees it. Every chunked blob is a Xet file, whatever road it came.
/// Says nothing about rights: the caller asks them before it tells anybody what stands here.
/// Thread-safe; every call may block on disk.
class XetFiles {
 public:
  XetFiles(RowStore& rows, PackSet& packs, Reserve& reserve)
      : rows_(rows), packs_(packs), reserve_(reserve) {}

  // --- in ---
  /// Errc::no_space below the reserve.
  Result<std::unique_ptr<XorbIngest>> ingest_xorb(const XorbHash& promised);
  Result<std::unique_ptr<ShardIngest>> ingest_shard(ShardOwner owner);

  // --- out ---
  /// nullopt: no file of this hash.
  [[nodiscard]] Result<std::optional<XetFile>> find(const FileHash& file) const;
  /// One answer per blob, in order; nullopt for what the store does not hold.
  [[nodiscard]] Result<std::vector<std::optional<FileHash>>> hashes_of(
      std::span<const BlobId> blobs) const;
  /// Which chunks of which xorbs make up the blob, or the range of it.
  /// Errc::not_found; Errc::range_not_satisfiable if the range begins after the end.
  [[nodiscard]] Result<xet::Plan> plan(const BlobId& blob,
                                       const std::optional<http::ByteRange>& range) const;
  /// The xorb as reconstructions describe it: each chunk plain behind its header, no footer. Byte
  /// positions depend on the chunks' lengths alone, so they never change. Errc::not_found.
  [[nodiscard]] Result<std::unique_ptr<BlobReader>> open_xorb(const XorbHash& xorb) const;

  // --- dedup ---
  /// Some blobs that contain the chunk, if it is one that clients ask for: the first of a file, or
  /// of a hash whose last word is a multiple of 1024. At most `limit`, the largest first: a longer
  /// file says more about what may follow.
  [[nodiscard]] Result<std::vector<BlobId>> files_with(const ChunkHash& chunk,
                                                       std::size_t limit) const;
  /// A shard of the blob's xorbs from the one that holds the chunk on, as far as an answer may be
  /// long. Errc::not_found if the blob or its chunk is not there.
  [[nodiscard]] Result<Bytes> dedup_shard(const BlobId& blob, const ChunkHash& chunk,
                                          const DedupKey& key) const;

 private:
  RowStore& rows_;
  PackSet& packs_;
  Reserve& reserve_;
};

}  // namespace waag::storage
