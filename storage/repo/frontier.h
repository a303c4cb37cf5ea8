#pragma once

#include <memory>
#include <queue>
#include <unordered_set>
#include <vector>

#include "storage/git/object_cache.h"

namespace waag::storage {

/// The commits that may come next, latest first.
class Frontier {
 public:
  explicit Frontier(ObjectCache& objects) : objects_(&objects) {}

  Status add(const CommitId& id) {
    if (!seen_.insert(id).second) return ok();
    WAAG_TRY(auto commit, objects_->commit(id));
    waiting_.push({std::move(commit), seen_.size()});
    linear_ = linear_ && waiting_.size() == 1;
    return ok();
  }
  /// The only commit that waits, if never more than one did: all that is left lies behind it.
  [[nodiscard]] const CommitId* only() const {
    return linear_ && waiting_.size() == 1 ? &waiting_.top().commit->id : nullptr;
  }
  /// nullptr at the end.
  Result<std::shared_ptr<const CommitInfo>> next() {
    std::shared_ptr<const CommitInfo> commit;
    if (waiting_.empty()) return commit;
    commit = waiting_.top().commit;
    waiting_.pop();
    for (const auto& parent : commit->parents) WAAG_CHECK(add(parent));
    return commit;
  }

 private:
  struct Waiting {
    std::shared_ptr<const CommitInfo> commit;
    std::size_t order;
  };
  struct Later {
    bool operator()(const Waiting& a, const Waiting& b) const {
      if (a.commit->date != b.commit->date) return a.commit->date < b.commit->date;
      return a.order > b.order;
    }
  };

  ObjectCache* objects_;
  std::unordered_set<CommitId> seen_;
  std::priority_queue<Waiting, std::vector<Waiting>, Later> waiting_;
  bool linear_ = true;
};

}  // namespace waag::storage
