#pragma once

#include <map>

#include "protocol/lfs/pointer.h"
#include "storage/git/transfer/commit_range.h"
#include "storage/git/transfer/incoming_pack.h"
#include "storage/repo/parts.h"

namespace waag::storage {

/// An LFS file that pushed commits name.
struct NamedPointer {
  std::string path;
  lfs::LfsPointer pointer;
  std::uint32_t pointer_bytes = 0;
};

/// What a pushed pack brings that the refs to be moved need, checked against the rules.
struct PushedObjects {
  IdList objects;                          // of the pack, reached from the new tips
  std::vector<CommitId> commits;           // new to the repo, parents before children
  std::map<GitId, NamedPointer> pointers;  // by their blobs
};

/// Where a command's new id leads.
struct PushedTip {
  CommitId commit;
  GitId tag_object;  // zero unless it is an annotated tag
};

/// What trees may hold, besides what holds for all.
struct PushRules {
  std::uint64_t blob_bytes_max = 0;
  /// A history of an upstream: blobs of any size, and submodules, which stay entries that lead
  /// nowhere. A commit counts as here only if its object is, not if an upstream merely told of it.
  bool mirror = false;
};

/// Walks from the new tips through the pack, and makes sure that whatever is not in the pack is in
/// this repo's own history: naming an id of another repo's object grants nothing.
///
/// Rules: paths as in commits over HTTP; no submodules; no symlink that leaves the tree; regular
/// files up to blob_bytes_max.
class PushCheck {
 public:
  PushCheck(const Parts& parts, std::uint64_t uid, IncomingPack& pack, PushRules rules)
      : parts_(parts), uid_(uid), pack_(pack), rules_(rules) {}

  /// Other tips may be added after one that was refused, unless it lacks_objects().
  /// @return Errc::unprocessable with a text for the pusher if a rule is broken
  Result<PushedTip> add_tip(const GitId& id);
  /// Some tip needs what is neither in the pack nor in the repo.
  [[nodiscard]] bool lacks_objects() const { return lacks_objects_; }
  /// After the last tip: what was named and not in the pack is looked for in the repo.
  Result<PushedObjects> finish();

 private:
  /// What must be known of a tree to judge those that hold it.
  struct TreeFacts {
    std::size_t depth = 1;       // of the folders, itself included
    std::size_t path_bytes = 0;  // longest path below
    std::size_t climb = 0;       // how far above it its symlinks lead
    std::uint64_t files = 0;     // in all places where they appear
    std::string climber;         // path of a symlink that climbs so far
  };

  /// Where in a commit's tree the walk is.
  struct Place {
    std::string path;
    std::size_t level = 0;
    /// Within a tree that is not in the pack: what is in it is the repo's own, if the tree is.
    bool outer = false;
  };

  /// One commit of the walk, and which of its parents comes next.
  struct Step {
    CommitId commit;
    std::vector<CommitId> parents;
    std::size_t next = 0;
  };

  Error missing(std::string_view what, std::string_view hex);
  Result<bool> knows(const CommitId& id) const;
  Result<PushedTip> peel(const GitId& tag);
  Status add_commits(const CommitId& tip);
  Status walk(const CommitId& tip, std::vector<Step>& path);
  Status enter(const CommitId& id, std::vector<Step>& path);
  Status check_root(const GitId& tree, const CommitId& commit);
  Result<TreeFacts> check_tree(const GitId& id, const Place& place);
  Result<std::vector<git::GitTreeEntry>> entries_of(const GitId& id, const Place& place);
  Status check_entry(const git::GitTreeEntry& entry, const Place& place, TreeFacts& facts);
  Status check_symlink(const git::GitTreeEntry& entry, const Place& place, TreeFacts& facts);
  Result<Bytes> target_of(const GitId& symlink, const Place& place);
  Status check_file(const git::GitTreeEntry& entry, const Place& place);
  Status check_outer_kinds() const;

  const Parts& parts_;
  const std::uint64_t uid_;
  IncomingPack& pack_;
  const PushRules rules_;
  bool lacks_objects_ = false;
  PushedObjects found_;
  CommitSet commits_seen_;
  CommitSet commits_refused_;
  std::map<GitId, TreeFacts> trees_;
  std::map<GitId, git::ObjectKind> outer_;  // named, not in the pack
};

/// How many folders a symlink at a tree's top leads above it; 0 if it stays inside. An absolute
/// target counts as leading above everything.
std::size_t symlink_climb(std::string_view target);

}  // namespace waag::storage
