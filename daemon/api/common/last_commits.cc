#include "daemon/api/common/last_commits.h"

#include <numeric>
#include <optional>
#include <string_view>

namespace waag::daemon {
namespace {

std::string_view folder_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? std::string_view() : path.substr(0, slash);
}

/// Tells which entries a commit left as its parent had them. Most commits leave most folders as
/// they were, which one comparison of the folder's ids shows for all that is in it.
class Step {
 public:
  Step(const storage::Snapshot& newer, const storage::Snapshot& older)
      : newer_(newer), older_(older) {}

  /// @param entry  as it is in the newer snapshot
  Result<bool> left(const storage::TreeEntry& entry) {
    const auto folder = folder_of(entry.path);
    if (!looked_ || folder_ != folder) {
      WAAG_TRY(const auto before, older_.find(folder));
      WAAG_TRY(const auto after, newer_.find(folder));
      same_folder_ = before && after && before->oid == after->oid;
      folder_ = folder;
      looked_ = true;
    }
    if (same_folder_) return true;
    WAAG_TRY(const auto before, older_.find(entry.path));
    return before && before->oid == entry.oid && before->mode == entry.mode;
  }

 private:
  const storage::Snapshot& newer_;
  const storage::Snapshot& older_;
  std::string_view folder_;  // of the entry before, once looked_
  bool looked_ = false;
  bool same_folder_ = false;
};

}  // namespace

Result<std::vector<storage::CommitInfo>> last_commits(
    storage::Store& store, std::uint64_t repo_uid, const CommitId& head,
    const std::vector<storage::TreeEntry>& entries) {
  WAAG_TRY(const auto history, store.history(repo_uid, head, 0, history_commits_max));
  if (history.empty()) return fail(Errc::internal, "a commit without history");
  std::vector<storage::CommitInfo> found(entries.size(), history.back());
  std::vector<std::size_t> open(entries.size());  // entries still as in every commit seen so far
  std::iota(open.begin(), open.end(), std::size_t{0});
  WAAG_TRY(auto newer, store.snapshot(repo_uid, head));
  for (std::size_t at = 0; at + 1 < history.size() && !open.empty(); ++at) {
    WAAG_TRY(auto older, store.snapshot(repo_uid, history[at + 1].id));
    Step step(*newer, *older);
    std::vector<std::size_t> still;
    for (const auto index : open) {
      WAAG_TRY(const bool left, step.left(entries[index]));
      if (left)
        still.push_back(index);
      else
        found[index] = history[at];
    }
    open = std::move(still);
    newer = std::move(older);
  }
  return found;
}

}  // namespace waag::daemon
