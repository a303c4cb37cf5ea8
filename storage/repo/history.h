#pragma once

#include "storage/git/object_cache.h"

namespace waag::storage {

/// Walks commits newest first, as `git log` does: of all commits whose child was shown, the one
/// with the latest date is next; of equal dates the one that was found first. Thread-safe.
class History {
 public:
  explicit History(ObjectCache& objects)
      : objects_(objects), lengths_(length_entries_max), places_(place_entries_max) {}

  /// Where a page begins and ends on a line without merges is remembered: the next one, or the same
  /// again, costs its own length.
  Result<std::vector<CommitInfo>> walk(const CommitId& from, std::size_t skip, std::size_t limit);
  /// Commits that can be reached, `from` included. Remembered, so that one more commit on a long
  /// line costs one step.
  Result<std::uint64_t> length(const CommitId& from);

 private:
  static constexpr std::size_t length_entries_max = 4096;
  static constexpr std::size_t place_entries_max = 4096;

  Result<std::uint64_t> count_all(const CommitId& from);

  ObjectCache& objects_;
  LruCache<CommitId, std::uint64_t> lengths_;
  /// The commit behind the first N of a line, by the line's head and N.
  LruCache<std::string, CommitId> places_;
};

}  // namespace waag::storage
