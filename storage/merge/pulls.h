#pragma once

#include "storage/merge/tree_changes.h"
#include "storage/repo/parts.h"
#include "storage/repo/reserve.h"

namespace waag::storage {

/// What merging a pull request would mean now, or meant when it was done.
struct PullState {
  std::optional<CommitId> from;        // where its line left the base; nullopt: unrelated
  std::optional<CommitId> to;          // its head, or the merge commit; nullopt: it is gone
  std::vector<std::string> conflicts;  // paths that both changed; empty once it is merged
};

struct MergeRequest {
  std::uint64_t repo_uid = 0;
  std::uint64_t number = 0;
  DiscussionTable::Act act;
  std::string author_email;  // of the merge commit; its author is act.user
  std::string comment;       // to go with it, if not empty
};

struct MergeOutcome {
  CommitId commit;
  PlacedEvent event;  // the change of status
};

/// Pull requests where they touch refs and trees. Thread-safe. All calls may block.
class Pulls {
 public:
  Pulls(const Parts& parts, const Reserve& reserve) : parts_(parts), reserve_(reserve) {}

  /// Opens a draft whose ref stands at main's head.
  Result<DiscussionRow> open(std::uint64_t uid, const DiscussionTable::Act& act,
                             const std::string& title, const std::string& text) const;
  Result<PullState> examine(std::uint64_t uid, const DiscussionRow& pull) const;
  /// Files that the pull request changes, at most `limit`.
  Result<std::vector<FileChange>> changes(const PullState& state, std::size_t limit) const;
  /// The commits of its ref that came after it began, by the moves of the ref; newest `limit`.
  struct PushedCommit {
    CommitInfo commit;
    std::string user;
    TimeMs at{};
  };
  Result<std::vector<PushedCommit>> commits(std::uint64_t uid, const DiscussionRow& pull,
                                            std::size_t limit) const;
  /// Puts a commit with both heads as parents on the base, and the pull request's new status, in
  /// one transaction. Errc::not_found if there is no such discussion; Errc::conflict if it is no
  /// open pull request, has nothing new, or names files that both sides changed (they are listed).
  Result<MergeOutcome> merge(const MergeRequest& request) const;

 private:
  Result<std::optional<CommitId>> fork_point(std::uint64_t uid, const DiscussionRow& pull,
                                             const CommitId& base, const CommitId& head) const;
  Result<CommitId> add_merge_commit(const MergeRequest& request, const DiscussionRow& pull,
                                    const CommitId& base, const CommitId& head,
                                    ObjectWriter& objects) const;
  Result<std::optional<MergeOutcome>> try_merge(const MergeRequest& request) const;

  const Parts& parts_;
  const Reserve& reserve_;
};

}  // namespace waag::storage
