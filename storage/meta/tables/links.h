#pragma once

#include "storage/meta/tables/table.h"

namespace waag::storage {

/// Who may read a blob by its hash: rows l and L (a commit of the repo names it), u (a user
/// uploaded it for the repo). Naming a hash alone grants nothing (DESIGN 7). Thread-safe.
class LinkTable {
 public:
  explicit LinkTable(RowStore& rows) : rows_(rows) {}

  Result<bool> has(std::uint64_t uid, const BlobId& id) const;
  /// Both directions of the link.
  static void add(Transaction& transaction, std::uint64_t uid, const BlobId& id);
  static void remove(Transaction& transaction, std::uint64_t uid, const BlobId& id);
  /// All blobs that the repo's commits name.
  Result<std::vector<BlobId>> of(std::uint64_t uid) const;
  /// Repos that hold the blob, by uid, at most `limit`.
  Result<std::vector<std::uint64_t>> holders(const BlobId& id, std::size_t limit) const;

  Result<bool> has_uploaded(std::string_view user, std::uint64_t uid, const BlobId& id) const;
  static Transaction possession(std::string_view user, std::uint64_t uid, const BlobId& id);

 private:
  RowStore& rows_;
};

}  // namespace waag::storage
