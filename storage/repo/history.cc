#include "storage/repo/history.h"

#include <functional>
#include <queue>
#include <unordered_set>

namespace waag::storage {
namespace {

/// The commits that may come next, latest first.
class Frontier {
 public:
  explicit Frontier(ObjectCache& objects) : objects_(objects) {}

  Status add(const CommitId& id) {
    if (!seen_.insert(id).second) return ok();
    WAAG_TRY(auto commit, objects_.commit(id));
    waiting_.push({std::move(commit), seen_.size()});
    return ok();
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

  ObjectCache& objects_;
  std::unordered_set<CommitId> seen_;
  std::priority_queue<Waiting, std::vector<Waiting>, Later> waiting_;
};

}  // namespace

Result<std::vector<CommitInfo>> History::walk(const CommitId& from, std::size_t skip,
                                              std::size_t limit) {
  std::vector<CommitInfo> found;
  Frontier frontier(objects_);
  WAAG_CHECK(frontier.add(from));
  while (found.size() < limit) {
    WAAG_TRY(const auto commit, frontier.next());
    if (!commit) break;
    if (skip > 0)
      --skip;
    else
      found.push_back(*commit);
  }
  return found;
}

Result<std::uint64_t> History::length(const CommitId& from) {
  std::uint64_t steps = 0;
  std::uint64_t known = 0;
  for (CommitId at = from; known == 0; ++steps) {
    if (const auto length = lengths_.find(at)) {
      known = *length;
      break;
    }
    WAAG_TRY(const auto commit, objects_.commit(at));
    if (commit->parents.empty()) {
      known = 1;
      break;
    }
    if (commit->parents.size() > 1) {
      // Below a merge the lines share commits: only a full walk counts each once.
      WAAG_TRY(known, count_all(at));
      break;
    }
    at = commit->parents.front();
  }
  lengths_.put(from, std::make_shared<const std::uint64_t>(known + steps), 1);
  return known + steps;
}

Result<std::uint64_t> History::count_all(const CommitId& from) {
  Frontier frontier(objects_);
  WAAG_CHECK(frontier.add(from));
  for (std::uint64_t count = 0;; ++count) {
    WAAG_TRY(const auto commit, frontier.next());
    if (!commit) return count;
  }
}

}  // namespace waag::storage
