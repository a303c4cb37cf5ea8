#pragma once

#include "protocol/git/fetch_request.h"
#include "storage/git/transfer/commit_range.h"
#include "storage/git/transfer/id_list.h"
#include "storage/repo/parts.h"

namespace waag::storage {

/// Lists objects for a pack: commits first, then what is in their trees, each object once and none
/// that the receiver is known to hold.
class ObjectLister {
 public:
  ObjectLister(const Parts& parts, git::BlobFilter filter, std::size_t objects_max)
      : parts_(parts), filter_(filter), objects_max_(objects_max) {}

  /// All below this tree is with the receiver.
  Status hold(const GitId& tree);
  Status add(const GitId& id, git::ObjectKind kind);
  /// What hangs below a tree, and the tree.
  Status add_tree(const GitId& tree);
  [[nodiscard]] const IdList& list() const { return list_; }
  IdList take() { return std::move(list_); }

 private:
  Result<std::vector<git::GitTreeEntry>> entries_of(const GitId& tree) const;
  Result<bool> passes(const GitId& blob) const;

  const Parts& parts_;
  const git::BlobFilter filter_;
  const std::size_t objects_max_;
  IdList held_;
  IdList list_;
};

}  // namespace waag::storage
