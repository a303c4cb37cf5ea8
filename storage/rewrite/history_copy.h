#pragma once

#include <unordered_map>
#include <unordered_set>

#include "storage/repo/parts.h"

namespace waag::storage {

/// Copies a history without some files: trees lose the entries that name them, commits point to the
/// new trees and parents. What is not affected keeps its id. Adds objects, changes no rows. Not
/// thread-safe.
class HistoryCopy {
 public:
  /// @param dropped  git blobs of the files that vanish; as the target of a symlink they stay
  HistoryCopy(const Parts& parts, ObjectWriter& objects, std::unordered_set<GitId> dropped)
      : parts_(parts), objects_(objects), dropped_(std::move(dropped)) {}

  /// The commit's copy; its parents must have been added before.
  Result<CommitId> add(const CommitId& id);
  /// A ref's row on the copies: an annotated tag is written anew with its message.
  Result<RefRow> of(const RefRow& row);

 private:
  /// A tree that loses all it has is nothing: git knows no empty directories.
  Result<std::optional<GitId>> tree(const GitId& id);
  Result<GitId> root(const GitId& id);

  const Parts& parts_;
  ObjectWriter& objects_;
  std::unordered_set<GitId> dropped_;
  std::unordered_map<GitId, std::optional<GitId>> trees_;
  std::unordered_map<CommitId, CommitId> commits_;
};

}  // namespace waag::storage
