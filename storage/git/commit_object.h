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

/// Who and when, as git's headers can hold it: '<', '>' and controls are left out of names, an
/// empty name becomes "unknown".
git::Signature make_signature(std::string_view name, std::string_view email, TimeMs date);

/// Adds the commit's git object; author and committer are the same.
/// @return Errc::unprocessable if the message holds a NUL
Result<CommitId> add_commit_object(ObjectWriter& objects, const NewCommit& commit);

}  // namespace waag::storage
