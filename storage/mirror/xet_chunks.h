#pragma once

#include <map>

#include "storage/meta/mirror/seen_xorb.h"
#include "storage/meta/row_store.h"

namespace waag::storage {

/// Chunks of an upstream's xorbs that are here. An upstream that describes a file by Xet names
/// xorbs and numbers of chunks in them, no hashes of chunks: what is known to stand there was seen
/// when it came from that same upstream, so naming a xorb grants nothing that it has not sent.
/// Rows stay as long as chunks do, which nothing collects yet: a chunk costs its row some 40 bytes,
/// 0.06 % of what it holds. Whatever collects chunks drops the rows of which it leaves none.
/// Thread-safe; every call may block on disk.
class XetChunks {
 public:
  /// @param upstream  base URL: what one says of a xorb does not hold for another
  XetChunks(RowStore& rows, PackSet& packs, std::string_view upstream);

  [[nodiscard]] Result<SeenXorb> seen(const XorbHash& xorb) const;
  /// Whether the store has the chunk, as far as is known.
  [[nodiscard]] Result<bool> holds(const XorbChunk& chunk) const;
  /// Errc::not_found; Errc::corrupt if it cannot be read any more.
  [[nodiscard]] Result<Bytes> read(const XorbChunk& chunk) const;
  /// Adds what has come of some xorbs to what is known of them; the new counts if they differ.
  Status add(const std::map<XorbHash, SeenXorb>& more);

 private:
  Status add_some(std::span<const std::pair<XorbHash, const SeenXorb*>> xorbs);
  [[nodiscard]] std::string key(const XorbHash& xorb) const;

  RowStore& rows_;
  PackSet& packs_;
  const BlobId upstream_;  // SHA-256 of the URL
};

}  // namespace waag::storage
