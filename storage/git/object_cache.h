#pragma once

#include <span>

#include "storage/git/lru_cache.h"
#include "storage/git/objects.h"
#include "storage/snapshot.h"

namespace waag::storage {

struct TreeLine {
  std::string name;
  std::uint32_t mode = git::mode_file;
  GitId id;

  [[nodiscard]] bool is_directory() const { return mode == git::mode_directory; }
};

/// Lines in git order: by bytes, directories as if they ended in '/'.
struct Tree {
  /// Lines whose facts are looked up together. A block ends with a line whose id says so, so that a
  /// line more or less moves no other block.
  struct Block {
    std::size_t end = 0;  // the first line behind it
    GitId key;            // names it by what its facts depend on
  };

  Tree() = default;  // the empty one
  explicit Tree(std::vector<TreeLine> sorted);

  std::vector<TreeLine> lines;
  std::vector<Block> blocks;  // made once: a hash of 64 lines is dear beside a look at one file

  /// nullptr if there is no such name.
  [[nodiscard]] const TreeLine* find(std::string_view name) const;
};

/// What a tree does not say of its files; nothing for directories and submodules.
struct FileFacts {
  std::uint64_t size_bytes = 0;  // the real file's, also for LFS
  std::optional<LfsInfo> lfs;
};

/// Parsed trees and commits by id, read through. Objects never change, so neither do their entries.
/// What the rows say of files is looked up for a block of lines at a time, and only when it is
/// asked: a folder may have 100,000 of them, of which a commit changes one. Thread-safe.
class ObjectCache {
 public:
  ObjectCache(RowStore& rows, PackSet& packs, std::size_t bytes_max);

  /// Errc::corrupt if it is not there.
  Result<std::shared_ptr<const Tree>> tree(const GitId& id);
  /// One for each of `lines`, a block that is named `key`; Errc::corrupt if a blob that they name
  /// is not there. Trees share the blocks in which they do not differ.
  Result<std::shared_ptr<const std::vector<FileFacts>>> facts(const GitId& key,
                                                              std::span<const TreeLine> lines);
  Result<std::shared_ptr<const CommitInfo>> commit(const CommitId& id);
  /// Whether all that is known of the commit is an upstream's word: there are no bytes of it.
  Result<bool> is_claimed(const CommitId& id) const;

 private:
  Result<std::shared_ptr<const CommitInfo>> claimed(const CommitId& id, const Error& missing) const;
  Result<std::vector<FileFacts>> look_up(std::span<const TreeLine> lines) const;
  Result<FileFacts> look_up_large(const TreeLine& line) const;
  Result<FileFacts> look_up_listed(const TreeLine& line) const;

  RowStore& rows_;
  PackSet& packs_;
  LruCache<GitId, Tree> trees_;
  LruCache<GitId, std::vector<FileFacts>> facts_;
  LruCache<CommitId, CommitInfo> commits_;
};

/// Reads the facts of one tree's lines, best in their order: asks the cache once a block. `tree`
/// must outlive it.
class FactsReader {
 public:
  FactsReader(ObjectCache& objects, const Tree& tree) : objects_(objects), tree_(tree) {}

  Result<FileFacts> at(std::size_t line);

 private:
  ObjectCache& objects_;
  const Tree& tree_;
  std::size_t begin_ = 0;  // lines of block_
  std::size_t end_ = 0;
  std::shared_ptr<const std::vector<FileFacts>> block_;
};

}  // namespace waag::storage
