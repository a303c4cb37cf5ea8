#pragma once

#include "storage/git/lru_cache.h"
#include "storage/git/object_cache.h"

namespace waag::storage {

/// Which commits changed a file or folder: those in which another thing stands at its path, or
/// nothing, than in the next older one. Looks back no further than the asked page needs, and
/// remembers how far it came: the next page goes on there, and a page of a later head costs the
/// commits since. Thread-safe.
class PathHistory {
 public:
  explicit PathHistory(ObjectCache& objects) : objects_(objects), walks_(cache_bytes) {}

  /// Newest first, in the order of History.
  /// @param path  not ""
  Result<PathCommits> page(std::uint64_t uid, const CommitId& from, std::string_view path,
                           std::size_t skip, std::size_t limit);

 private:
  static constexpr std::size_t cache_bytes = 8u << 20;

  /// A walk as far as it came.
  struct Walk {
    CommitId head;
    std::vector<CommitId> touched;
    CommitId open;      // what comes next; whether it changed the path is not known yet
    bool done = false;  // there is nothing behind
  };
  class Walker;
  Result<std::shared_ptr<const Walk>> walk(std::uint64_t uid, const CommitId& from,
                                           std::string_view path, std::size_t wanted);

  ObjectCache& objects_;
  LruCache<std::string, Walk> walks_;  // by repo and path; the last head that was asked for
};

}  // namespace waag::storage
