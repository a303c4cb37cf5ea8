#pragma once

#include <functional>
#include <unordered_set>

#include "storage/repo/parts.h"

// What the refs of a repo reach: their commits with all ancestors, and the files of those. The
// whole history is read, so these serve rare changes of it, not requests.

namespace waag::storage {

struct ReachedCommit {
  std::shared_ptr<const CommitInfo> info;
  std::size_t ref = 0;  // index of the ref that it was reached by first
};

struct Reach {
  std::vector<Ref> refs;               // main first, the rest by name
  std::vector<ReachedCommit> commits;  // each once, parents before children
  std::unordered_set<CommitId> ids;    // of the same
};

Result<Reach> walk_refs(const Parts& parts, std::uint64_t uid);

/// A file of a tree whose bytes lie in a blob of their own.
struct HeldFile {
  std::string path;  // where it was found first
  GitId git_id;      // of an LFS file the pointer's
  BlobId blob;
  std::uint64_t size_bytes = 0;  // of an LFS file; 0 for others
  bool lfs = false;
};

/// Finds the LFS files and the large regular files of one tree after the other; trees and files
/// that it has seen are not looked at again.
class TreeWalk {
 public:
  explicit TreeWalk(const Parts& parts) : parts_(parts) {}

  using Visit = std::function<void(const HeldFile&)>;
  Status add(const GitId& tree, const Visit& visit);

 private:
  struct Line {
    std::string path;
    std::uint32_t mode = 0;
    GitId id;
  };
  Result<std::vector<Line>> fresh_lines(const GitId& tree, const std::string& folder,
                                        std::vector<Line>& folders);
  Status look_up(const std::vector<Line>& lines, const Visit& visit) const;

  const Parts& parts_;
  std::unordered_set<GitId> trees_;
  std::unordered_set<GitId> files_;
};

/// A tree as git wrote it. Errc::corrupt if it is not there.
Result<std::vector<git::GitTreeEntry>> read_tree(const Parts& parts, const GitId& id);

}  // namespace waag::storage
