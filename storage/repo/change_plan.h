#pragma once

#include <set>

#include "storage/commit.h"
#include "storage/git/tree_edit.h"
#include "storage/repo/parts.h"

namespace waag::storage {

/// A commit's changes, checked and ready to be laid on any head: which blobs they name, which of
/// them are LFS files, and the pointers to those.
struct ChangePlan {
  struct Step {
    Change::Kind kind{Change::Kind::put_file};
    std::string path;
    GitId blob;
    TreeEdit::Content content{TreeEdit::Content::file};
  };
  std::vector<Step> steps;
  std::vector<Row> pointer_rows;
  std::set<BlobId> links;  // blobs that the repo holds from this commit on

  /// Applies the steps in order. Errors as TreeEdit's.
  Status lay_on(TreeEdit& tree) const;
  /// The paths that become LFS files.
  [[nodiscard]] std::vector<std::string> lfs_paths() const;
};

/// Checks paths (Errc::unprocessable), that every named blob is staged or in the store
/// (Errc::invalid_argument naming all that are not) and that claimed LFS sizes are right
/// (Errc::unprocessable).
///
/// A regular file whose content is an LFS pointer counts as that LFS file; it is accepted only if
/// the repo holds the blob, the user uploaded it for the repo, or the same commit brings it. Else
/// everybody could read private files by writing pointers to their hashes.
/// Pointers to LFS files are added to what is staged.
Result<ChangePlan> plan_changes(const Parts& parts, const CommitRequest& request);

}  // namespace waag::storage
