#pragma once

#include <map>
#include <mutex>
#include <utility>

#include "storage/store.h"

namespace waag::daemon {

/// Whether a repo has LFS files here that are not of a commit: of another revision, with which that
/// one may share most of its chunks. What was found for a commit is remembered, as a tree may be
/// large. Thread-safe.
class OtherRevisions {
 public:
  explicit OtherRevisions(storage::Store& store) : store_(store) {}

  /// Reads the whole tree. Blocks.
  Result<bool> has(std::uint64_t uid, const CommitId& commit);

 private:
  [[nodiscard]] Result<bool> look(std::uint64_t uid, const CommitId& commit) const;

  storage::Store& store_;
  std::mutex mutex_;
  std::map<std::pair<std::uint64_t, CommitId>, bool> found_;
};

}  // namespace waag::daemon
