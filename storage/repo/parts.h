#pragma once

#include <array>
#include <mutex>

#include "storage/git/object_cache.h"
#include "storage/meta/tables/discussions.h"
#include "storage/meta/tables/links.h"
#include "storage/meta/tables/refs.h"
#include "storage/meta/tables/repos.h"
#include "storage/meta/tables/users.h"

namespace waag::storage {

/// One lock per repo (striped): changes of its refs queue here instead of failing each other's
/// expectations. The expectations still decide; the lock only saves work.
class RepoLocks {
 public:
  std::unique_lock<std::mutex> lock(std::uint64_t uid) {
    return std::unique_lock(stripes_[uid % stripes_.size()]);
  }

 private:
  std::array<std::mutex, 64> stripes_;
};

/// What the rooms of this folder work on; owned by the Store, which outlives them.
struct Parts {
  Clock& clock;
  RowStore& rows;
  PackSet& packs;
  ObjectCache& objects;
  RepoTable& repos;
  RefTable& refs;
  LinkTable& links;
  DiscussionTable& discussions;
  RepoLocks& locks;
};

inline constexpr std::string_view head_branch = "refs/heads/main";

}  // namespace waag::storage
