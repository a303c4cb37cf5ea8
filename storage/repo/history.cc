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

  ObjectCache& objects_;
  std::unordered_set<CommitId> seen_;
  std::priority_queue<Waiting, std::vector<Waiting>, Later> waiting_;
  bool linear_ = true;
};

std::string place_key(const CommitId& from, std::size_t before) {
  return from.hex() + std::to_string(before);
}

}  // namespace

Result<std::vector<CommitInfo>> History::walk(const CommitId& from, std::size_t skip,
                                              std::size_t limit) {
  std::vector<CommitInfo> found;
  Frontier frontier(objects_);
  const auto remember = [&](std::size_t before) {
    if (const auto* next = frontier.only())
      places_.put(place_key(from, before), std::make_shared<const CommitId>(*next), 1);
  };
  const auto known = skip == 0 ? nullptr : places_.find(place_key(from, skip));
  WAAG_CHECK(frontier.add(known ? *known : from));
  for (auto ahead = known ? 0 : skip; ahead > 0; --ahead) {
    WAAG_TRY(const auto commit, frontier.next());
    if (!commit) return found;
  }
  if (skip > 0) remember(skip);
  while (found.size() < limit) {
    WAAG_TRY(const auto commit, frontier.next());
    if (!commit) return found;
    found.push_back(*commit);
  }
  remember(skip + found.size());
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
