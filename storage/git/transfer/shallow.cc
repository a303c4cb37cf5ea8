#include "storage/git/transfer/shallow.h"

#include <deque>

namespace waag::storage {
namespace {

/// Which commits a client has afterwards, seen from what it wants; order is that of discovery.
struct Kept {
  CommitSet set;
  std::vector<std::shared_ptr<const CommitInfo>> order;
};

/// Breadth first: the depth of a commit is that of its shortest way.
Result<Kept> keep_by_depth(ObjectCache& objects, const std::vector<CommitId>& starts,
                           std::uint64_t depth) {
  Kept kept;
  std::deque<std::pair<CommitId, std::uint64_t>> waiting;
  for (const auto& id : starts)
    if (kept.set.insert(id).second) waiting.emplace_back(id, 1);
  while (!waiting.empty()) {
    const auto [id, at] = waiting.front();
    waiting.pop_front();
    WAAG_TRY(const auto commit, objects.commit(id));
    kept.order.push_back(commit);
    if (at == depth) continue;
    for (const auto& parent : commit->parents)
      if (kept.set.insert(parent).second) waiting.emplace_back(parent, at + 1);
  }
  return kept;
}

/// Everything that is not older than `since` nor reached by `excluded`.
Result<Kept> keep_by_time(ObjectCache& objects, const ShallowRequest& request,
                          std::optional<std::int64_t> since) {
  RangeRequest wanted;
  wanted.wanted = request.wanted;
  wanted.held = request.excluded;
  WAAG_TRY(const auto range, commit_range(objects, wanted));
  Kept kept;
  for (const auto& line : range.commits) {
    WAAG_TRY(const auto commit, objects.commit(line.commit));
    const auto seconds = std::chrono::floor<std::chrono::seconds>(commit->date).count();
    if (since && seconds < *since) continue;
    kept.set.insert(commit->id);
    kept.order.push_back(commit);
  }
  if (kept.order.empty())
    return fail(Errc::invalid_argument, "no commits selected for shallow requests");
  return kept;
}

}  // namespace

Result<ShallowCut> cut_history(ObjectCache& objects, const git::Deepen& deepen,
                               const ShallowRequest& request) {
  Kept kept;
  if (deepen.depth > 0 && deepen.relative && !request.client_shallow.empty()) {
    WAAG_TRY(kept, keep_by_depth(objects, request.client_shallow, std::uint64_t{deepen.depth} + 1));
  } else if (deepen.depth > 0) {
    WAAG_TRY(kept, keep_by_depth(objects, request.wanted, deepen.depth));
  } else {
    WAAG_TRY(kept, keep_by_time(objects, request, deepen.since));
  }
  const CommitSet before(request.client_shallow.begin(), request.client_shallow.end());
  ShallowCut result;
  for (const auto& commit : kept.order) {
    bool whole = true;
    for (const auto& parent : commit->parents) whole = whole && kept.set.contains(parent);
    if (!whole) {
      result.cut.insert(commit->id);
      if (!before.contains(commit->id)) result.shallow.push_back(commit->id);
    } else if (before.contains(commit->id)) {
      result.unshallow.push_back(commit->id);
    }
  }
  return result;
}

}  // namespace waag::storage
