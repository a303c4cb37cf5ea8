#include "storage/git/transfer/commit_range.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

namespace waag::storage {
namespace {

class Painter {
 public:
  Painter(ObjectCache& objects, const RangeRequest& request)
      : objects_(objects), request_(request) {}

  Result<CommitRange> run() {
    for (const auto& id : request_.held) WAAG_CHECK(mark_held(id));
    for (const auto& id : request_.wanted) WAAG_CHECK(mark_wanted(id));
    while (wanted_waiting_ > 0) {
      const auto commit = queue_.pop();
      auto& mark = marks_[commit->id];
      if (mark.held) {
        if (request_.held_cut.contains(commit->id)) continue;
        for (const auto& parent : commit->parents) WAAG_CHECK(mark_held(parent));
      } else {
        mark.listed = true;
        --wanted_waiting_;
        listed_.push_back(commit);
        if (request_.cut.contains(commit->id)) continue;
        for (const auto& parent : commit->parents) WAAG_CHECK(mark_wanted(parent));
      }
    }
    return collect();
  }

 private:
  struct Mark {
    bool held = false;
    bool listed = false;
  };

  Status mark_wanted(const CommitId& id) {
    if (marks_.contains(id)) return ok();
    WAAG_TRY(auto commit, objects_.commit(id));
    marks_[id] = {};
    queue_.push(std::move(commit));
    ++wanted_waiting_;
    return ok();
  }

  Status mark_held(const CommitId& id) {
    const auto [at, is_new] = marks_.try_emplace(id);
    auto& mark = at->second;
    if (mark.held) return ok();
    mark.held = true;
    if (!is_new && !mark.listed) {  // it waits, and is held when its turn comes
      --wanted_waiting_;
      return ok();
    }
    WAAG_TRY(auto commit, objects_.commit(id));
    queue_.push(std::move(commit));
    return ok();
  }

  Result<CommitRange> collect() {
    CommitRange range;
    std::unordered_set<GitId> edges;
    for (const auto& commit : listed_) {
      if (marks_[commit->id].held) continue;
      range.commits.push_back({commit->id, commit->tree});
      for (const auto& parent : commit->parents) {
        const auto mark = marks_.find(parent);
        if (mark == marks_.end() || !mark->second.held) continue;
        WAAG_TRY(const auto held, objects_.commit(parent));
        if (edges.insert(held->tree).second) range.edges.push_back(held->tree);
      }
    }
    return range;
  }

  ObjectCache& objects_;
  const RangeRequest& request_;
  std::unordered_map<CommitId, Mark> marks_;
  CommitQueue queue_;
  std::size_t wanted_waiting_ = 0;
  std::vector<CommitQueue::Commit> listed_;
};

/// Commits older than all targets cannot lead to one, but for clocks that were wrong.
Result<bool> reaches(ObjectCache& objects, const CommitId& from, const CommitSet& targets,
                     TimeMs oldest) {
  CommitSet seen{from};
  CommitQueue queue;
  WAAG_TRY(auto first, objects.commit(from));
  queue.push(std::move(first));
  while (!queue.empty()) {
    const auto commit = queue.pop();
    if (targets.contains(commit->id)) return true;
    if (commit->date < oldest) return false;
    for (const auto& parent : commit->parents) {
      if (!seen.insert(parent).second) continue;
      WAAG_TRY(auto next, objects.commit(parent));
      queue.push(std::move(next));
    }
  }
  return false;
}

}  // namespace

Result<CommitRange> commit_range(ObjectCache& objects, const RangeRequest& request) {
  return Painter(objects, request).run();
}

Result<bool> all_reach(ObjectCache& objects, const std::vector<CommitId>& from,
                       const CommitSet& targets) {
  auto oldest = TimeMs::max();
  for (const auto& id : targets) {
    WAAG_TRY(const auto commit, objects.commit(id));
    oldest = std::min(oldest, commit->date);
  }
  for (const auto& id : from) {
    WAAG_TRY(const bool found, reaches(objects, id, targets, oldest));
    if (!found) return false;
  }
  return true;
}

}  // namespace waag::storage
