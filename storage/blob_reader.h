#pragma once

#include <memory>
#include <optional>

#include "storage/meta/blob_rows.h"
#include "storage/meta/row_store.h"
#include "storage/pack/pack_set.h"

namespace waag::storage {

/// The way out for one blob's bytes. Every byte was verified when it is handed over. Blocks (disk,
/// CPU). Not thread-safe; open one per request.
class BlobReader {
 public:
  virtual ~BlobReader() = default;
  [[nodiscard]] virtual std::uint64_t size_bytes() const = 0;
  /// Decoded bytes from `offset`, up to out.size(); fewer only at the end. Errc::corrupt if a check
  /// fails and no other record has the bytes; what failed is remembered (damage.h).
  virtual Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) = 0;
  /// The longest verified raw run that starts exactly at `offset`, <= bytes_max; nullopt if the
  /// bytes there are encoded at rest (then read() is the way).
  virtual Result<std::optional<RawRun>> raw_run(std::uint64_t offset, std::uint64_t bytes_max) = 0;
};

/// What the terms name, one after another. size_bytes must be the sum of theirs; a term that the
/// store does not hold as it says is Errc::corrupt when it is read.
std::unique_ptr<BlobReader> open_terms(RowStore& rows, PackSet& packs, std::uint64_t size_bytes,
                                       std::vector<Term> terms);
/// A chunked blob by SHA-256. Errc::not_found if the store does not hold it.
Result<std::unique_ptr<BlobReader>> open_blob(RowStore& rows, PackSet& packs, const BlobId& id);
/// A git blob's content by SHA-1: one record, or a chunked blob if it is large.
Result<std::unique_ptr<BlobReader>> open_git_blob(RowStore& rows, PackSet& packs, const GitId& id);

}  // namespace waag::storage
