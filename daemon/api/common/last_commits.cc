#include "daemon/api/common/last_commits.h"

#include <numeric>

namespace waag::daemon {
namespace {

/// True if `snapshot` has the entry as it is.
Result<bool> has_same(const storage::Snapshot& snapshot, const storage::TreeEntry& entry) {
  const auto there = snapshot.stat(entry.path);
  if (there) return there->oid == entry.oid && there->mode == entry.mode;
  if (there.error().code == Errc::entry_not_found) return false;
  return there.error();
}

}  // namespace

Result<std::vector<storage::CommitInfo>> last_commits(
    storage::Store& store, std::uint64_t repo_uid, const CommitId& head,
    const std::vector<storage::TreeEntry>& entries) {
  WAAG_TRY(const auto history, store.history(repo_uid, head, 0, history_commits_max));
  if (history.empty()) return fail(Errc::internal, "a commit without history");
  std::vector<storage::CommitInfo> found(entries.size(), history.back());
  std::vector<std::size_t> open(entries.size());  // entries still as in every commit seen so far
  std::iota(open.begin(), open.end(), std::size_t{0});
  for (std::size_t at = 0; at + 1 < history.size() && !open.empty(); ++at) {
    WAAG_TRY(const auto older, store.snapshot(repo_uid, history[at + 1].id));
    std::vector<std::size_t> still;
    for (const auto index : open) {
      WAAG_TRY(const bool same, has_same(*older, entries[index]));
      if (same)
        still.push_back(index);
      else
        found[index] = history[at];
    }
    open = std::move(still);
  }
  return found;
}

}  // namespace waag::daemon
