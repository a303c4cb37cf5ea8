#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/meta/repo_rows.h"
#include "storage/staging_area.h"

namespace waag::storage {

/// One operation of a commit, applied in order on the head tree.
struct Change {
  enum class Kind : std::uint8_t { put_file, put_lfs, remove_file, remove_folder };
  Kind kind{Kind::put_file};
  std::string path;  // checked by protocol::parse_file_path
  GitId blob;        // put_file: a git blob of CommitRequest::staged, or of the store
  BlobId lfs;        // put_lfs
  std::optional<std::uint64_t>
      lfs_size;  // put_lfs: what the client claims; Errc::unprocessable if wrong
};

/// The pull request that a commit opens, by the commit's user.
struct NewPull {
  std::string title;
  std::string text;  // of its first comment
};

struct CommitRequest {
  std::uint64_t repo_uid = 0;
  std::string ref;                 // full name: refs/heads/main, refs/pr/1; must exist
  std::optional<NewPull> pull{};   // `ref` stays where it is; the commit opens a pull request to it
  std::optional<CommitId> parent;  // Errc::precondition_failed if the head is another
  std::string user;                // for the ref log
  std::string author_name;
  std::string author_email;
  TimeMs date{};
  std::string message;
  std::vector<Change> changes;
  /// Where the changes' new files wait; becomes durable with the commit. nullptr: there are none.
  std::shared_ptr<StagingArea> staged;
  /// Hash over (user, ref, parent, payload): the same request within 10 minutes gets the first
  /// one's commit.
  std::optional<BlobId> replay_key;
};

/// One commit in the place of a ref's whole history.
struct SquashRequest {
  std::uint64_t repo_uid = 0;
  std::string ref;   // full name; no tag
  std::string user;  // for the ref log
  std::string author_name;
  std::string author_email;
  std::string message;
};

/// A new tag, annotated: a git object of its own says who made it, when and why.
struct NewTag {
  std::uint64_t repo_uid = 0;
  std::string name;  // short: v1
  CommitId target;
  std::string user;  // for the ref log
  std::string tagger_name;
  std::string tagger_email;
  std::string message;
};

struct CommitOutcome {
  CommitId commit;
  bool replayed = false;
  std::uint64_t pull = 0;  // number of the pull request that it opened, if it did
};

}  // namespace waag::storage
