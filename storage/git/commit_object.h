#pragma once

#include "storage/git/objects.h"
#include "storage/meta/repo_rows.h"

namespace waag::storage {

struct NewCommit {
  GitId tree;
  std::optional<CommitId> parent;
  std::optional<CommitId> merged;  // a second parent
  std::string author_name;
  std::string author_email;
  TimeMs date{};
  std::string message;
};

/// Adds the commit's git object; author and committer are the same. What git's headers cannot hold
/// ('<', '>', controls) is left out of names, an empty name becomes "unknown".
/// @return Errc::unprocessable if the message holds a NUL
Result<CommitId> add_commit_object(ObjectWriter& objects, const NewCommit& commit);

}  // namespace waag::storage
