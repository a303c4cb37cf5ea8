#pragma once

#include <mutex>
#include <unordered_map>

#include "storage/git/lru_cache.h"
#include "storage/store.h"

namespace waag::daemon {

/// How many bytes the LFS files of a repo have, those of all its refs and of their history, each
/// file once. A change of the repo's links costs the next question a scan of their keys, and the
/// look-up of a size for each new one. Thread-safe. Blocks.
class UsedStorage {
 public:
  explicit UsedStorage(storage::Store& store) : store_(store), known_(cache_bytes) {}

  Result<std::uint64_t> lfs_bytes(std::uint64_t uid);

 private:
  static constexpr std::size_t cache_bytes = 16u << 20;

  struct Known {
    std::uint64_t version = 0;  // of the links
    std::uint64_t bytes = 0;
    std::unordered_map<BlobId, std::uint64_t> sizes;
  };
  Result<std::shared_ptr<const Known>> measure(std::uint64_t uid, const Known& before);

  storage::Store& store_;
  storage::LruCache<std::uint64_t, Known> known_;
};

}  // namespace waag::daemon
