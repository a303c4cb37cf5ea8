#pragma once

#include <queue>
#include <unordered_set>

#include "storage/git/object_cache.h"

namespace waag::storage {

/// Commits that wait to be looked at, latest first; of equal dates in the order they came.
class CommitQueue {
 public:
  using Commit = std::shared_ptr<const CommitInfo>;

  void push(Commit commit) { waiting_.push({std::move(commit), ++count_}); }
  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  Commit pop() {
    auto commit = waiting_.top().commit;
    waiting_.pop();
    return commit;
  }

 private:
  struct Waiting {
    Commit commit;
    std::uint64_t order;
  };
  struct Later {
    bool operator()(const Waiting& a, const Waiting& b) const {
      if (a.commit->date != b.commit->date) return a.commit->date < b.commit->date;
      return a.order > b.order;
    }
  };
  std::priority_queue<Waiting, std::vector<Waiting>, Later> waiting_;
  std::uint64_t count_ = 0;
};

using CommitSet = std::unordered_set<CommitId>;

/// What one side wants and the other has.
struct RangeRequest {
  std::vector<CommitId> wanted;
  std::vector<CommitId> held;
  CommitSet cut;       // of what is wanted: their parents are not
  CommitSet held_cut;  // of what is held: their parents may not be
};

struct CommitRange {
  struct Line {
    CommitId commit;
    GitId tree;
  };
  std::vector<Line> commits;  // wanted and not held, latest first
  std::vector<GitId> edges;   // trees of held commits that are parents of those
};

/// The commits that `wanted` reach and `held` do not. Where clocks were wrong a held commit may be
/// among them: it is sent once too often.
Result<CommitRange> commit_range(ObjectCache& objects, const RangeRequest& request);

/// True if each of `from` reaches one of `targets`, or is one.
Result<bool> all_reach(ObjectCache& objects, const std::vector<CommitId>& from,
                       const CommitSet& targets);

}  // namespace waag::storage
