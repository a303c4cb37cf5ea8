#include "storage/merge/merge_base.h"

#include <queue>

namespace waag::storage {
namespace {

// From which side a commit was reached; both_sides and below a common ancestor: stale.
constexpr unsigned side_a = 1;
constexpr unsigned side_b = 2;
constexpr unsigned both_sides = side_a | side_b;
constexpr unsigned stale = 4;

/// Walks both lines newest first and marks who reaches what, as git's merge-base does. The walk
/// ends when all that waits lies below a common ancestor.
class Walk {
 public:
  explicit Walk(ObjectCache& objects) : objects_(objects) {}

  Status reach(const CommitId& id, unsigned marks) {
    auto& known = marks_[id];
    if ((known & marks) == marks) return ok();
    known |= marks;
    WAAG_TRY(auto commit, objects_.commit(id));
    if ((known & stale) == 0) ++fresh_;
    waiting_.push({std::move(commit), (known & stale) == 0, order_++});
    return ok();
  }

  Result<std::optional<CommitId>> run() {
    std::vector<std::shared_ptr<const CommitInfo>> common;
    for (std::size_t steps = 0; fresh_ > 0 && steps < merge_base_commits_max; ++steps) {
      const auto at = waiting_.top();
      waiting_.pop();
      if (at.fresh) --fresh_;
      unsigned marks = marks_.at(at.commit->id);
      if ((marks & both_sides) == both_sides) {
        if ((marks & stale) == 0) common.push_back(at.commit);
        marks |= stale;  // for what lies below
      }
      for (const auto& parent : at.commit->parents) WAAG_CHECK(reach(parent, marks));
    }
    for (const auto& commit : common)  // by date, newest first
      if ((marks_.at(commit->id) & stale) == 0) return std::optional(commit->id);
    return std::optional<CommitId>{};
  }

 private:
  struct Waiting {
    std::shared_ptr<const CommitInfo> commit;
    bool fresh;         // counted in fresh_
    std::size_t order;  // of equal dates the first found comes first: children before parents
    bool operator<(const Waiting& other) const {
      if (commit->date != other.commit->date) return commit->date < other.commit->date;
      return order > other.order;
    }
  };

  ObjectCache& objects_;
  std::unordered_map<CommitId, unsigned> marks_;
  std::priority_queue<Waiting> waiting_;
  std::size_t fresh_ = 0;
  std::size_t order_ = 0;
};

}  // namespace

Result<std::optional<CommitId>> merge_base(ObjectCache& objects, const CommitId& a,
                                           const CommitId& b) {
  if (a == b) return std::optional(a);
  Walk walk(objects);
  WAAG_CHECK(walk.reach(a, side_a));
  WAAG_CHECK(walk.reach(b, side_b));
  return walk.run();
}

}  // namespace waag::storage
