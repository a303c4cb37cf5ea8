#pragma once

#include <unordered_set>
#include <vector>

#include "protocol/git/object.h"
#include "storage/meta/row_store.h"
#include "storage/pack/pack_set.h"

namespace waag::storage {

/// The git objects that one change makes (pointer blobs, trees, the commit): each once, those that
/// the store lacks written together and made durable by one fdatasync. Not thread-safe.
class ObjectBatch {
 public:
  GitId add(git::ObjectKind kind, std::string body);
  /// Writes what is missing and puts its extents and look-up rows on `transaction`. May be called
  /// again with a fresh transaction if that one was not applied.
  Status write(const RowStore& rows, PackSet& packs, Transaction& transaction) const;

 private:
  struct Object {
    git::ObjectKind kind;
    GitId id;
    std::string body;
  };
  std::vector<Object> objects_;
  std::unordered_set<GitId> ids_;
};

/// The body of a tree, commit, tag or small blob. Errc::not_found if the store has no such record,
/// Errc::corrupt if it is of another kind or fails its check.
Result<Bytes> read_object(const RowStore& rows, PackSet& packs, const GitId& id,
                          git::ObjectKind kind);

}  // namespace waag::storage
