#pragma once

#include "storage/git/object_cache.h"

namespace waag::storage {

/// One side of a changed file.
struct FileVersion {
  std::uint32_t mode = 0;
  GitId id;                      // git blob (of the pointer for LFS); the commit of a submodule
  std::uint64_t blob_bytes = 0;  // of that git blob
};

/// A file that is not the same in two trees.
struct FileChange {
  std::string path;
  std::optional<FileVersion> before;  // nullopt: added
  std::optional<FileVersion> after;   // nullopt: removed
};

/// Files by which two trees differ, in the order of their paths' segments; at most `limit`. Folders
/// that are the same are not opened. A file that became a folder is removed, and those in the
/// folder are added.
Result<std::vector<FileChange>> tree_changes(ObjectCache& objects, const GitId& before,
                                             const GitId& after, std::size_t limit);

}  // namespace waag::storage
