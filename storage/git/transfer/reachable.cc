#include "storage/git/transfer/reachable.h"

#include "storage/git/transfer/commit_range.h"

namespace waag::storage {
namespace {

class Search {
 public:
  Search(const Parts& parts, std::uint64_t uid, std::unordered_set<GitId> ids)
      : parts_(parts), uid_(uid), left_(std::move(ids)) {}

  Result<std::unordered_set<GitId>> run(std::size_t commits_max) {
    WAAG_TRY(const auto refs, parts_.refs.list(uid_));
    for (const auto& ref : refs) {
      if (!ref.row.tag_object.is_zero()) left_.erase(ref.row.tag_object);
      WAAG_CHECK(add(ref.row.target));
    }
    for (std::size_t count = 0; count < commits_max && !queue_.empty() && !left_.empty(); ++count) {
      const auto commit = queue_.pop();
      WAAG_CHECK(look_into(commit->tree));
      for (const auto& parent : commit->parents) WAAG_CHECK(add(parent));
    }
    return std::move(left_);
  }

 private:
  Status add(const CommitId& id) {
    if (!commits_.insert(id).second) return ok();
    WAAG_TRY(auto commit, parts_.objects.commit(id));
    queue_.push(std::move(commit));
    return ok();
  }

  // Depth is bounded by the number of segments that a checked path may have.
  Status look_into(const GitId& tree) {
    if (left_.empty() || !trees_.insert(tree).second) return ok();
    left_.erase(tree);
    WAAG_TRY(const auto body, read_object(parts_.rows, parts_.packs, tree, git::ObjectKind::tree));
    WAAG_TRY(const auto entries, git::parse_tree(body));
    for (const auto& entry : entries) {
      if (entry.mode == git::mode_gitlink) continue;
      if (entry.mode == git::mode_directory) {
        WAAG_CHECK(look_into(entry.id));
      } else {
        left_.erase(entry.id);
      }
    }
    return ok();
  }

  const Parts& parts_;
  const std::uint64_t uid_;
  std::unordered_set<GitId> left_;
  CommitSet commits_;
  CommitQueue queue_;
  std::unordered_set<GitId> trees_;
};

}  // namespace

Result<std::unordered_set<GitId>> not_reachable(const Parts& parts, std::uint64_t uid,
                                                std::unordered_set<GitId> ids,
                                                std::size_t commits_max) {
  if (ids.empty()) return ids;
  return Search(parts, uid, std::move(ids)).run(commits_max);
}

}  // namespace waag::storage
