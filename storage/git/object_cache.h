#pragma once

#include "storage/git/lru_cache.h"
#include "storage/git/objects.h"
#include "storage/snapshot.h"

namespace waag::storage {

/// One line of a parsed tree with what a listing shows of it, looked up once.
struct TreeLine {
  std::string name;
  std::uint32_t mode = git::mode_file;
  GitId id;
  std::uint64_t size_bytes = 0;  // the real file's, also for LFS; 0 for directories
  std::optional<LfsInfo> lfs;

  [[nodiscard]] bool is_directory() const { return mode == git::mode_directory; }
};

/// Lines in git order: by bytes, directories as if they ended in '/'.
struct Tree {
  std::vector<TreeLine> lines;

  /// nullptr if there is no such name.
  [[nodiscard]] const TreeLine* find(std::string_view name) const;
};

/// Parsed trees and commits by id, read through. Objects never change, so neither do their entries.
/// Thread-safe.
class ObjectCache {
 public:
  ObjectCache(RowStore& rows, PackSet& packs, std::size_t bytes_max);

  /// Errc::corrupt if the tree or a blob that it names is not there.
  Result<std::shared_ptr<const Tree>> tree(const GitId& id);
  Result<std::shared_ptr<const CommitInfo>> commit(const CommitId& id);

 private:
  Status look_up(std::vector<TreeLine>& lines) const;
  Status look_up_large(TreeLine& line) const;

  RowStore& rows_;
  PackSet& packs_;
  LruCache<GitId, Tree> trees_;
  LruCache<CommitId, CommitInfo> commits_;
};

}  // namespace waag::storage
