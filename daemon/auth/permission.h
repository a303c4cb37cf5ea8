#pragma once

#include "daemon/http/message.h"
#include "storage/store.h"

/// The one place that answers "may this caller do that". Policy table: HUB_API 2.2.
namespace waag::daemon {

enum class Action : std::uint8_t {
  read,       // metadata; files too unless the repo is gated (daemon/auth/file_access.h)
  open_pull,  // refs/pr/N: a writing token and the right to read
  write,      // content and refs
  admin,      // settings, deletion
};

bool may(const Identity& who, const storage::RepoRow& repo, Action action);

/// True if `who` may create repos under `ns`: the own name (without case) or a hub admin.
bool may_create_in(const Identity& who, std::string_view ns);

/// The repo if `who` may do `action` with it. A repo that is missing and one that the caller may
/// not read give the same Errc::repo_not_found; Errc::disabled if a hub admin took it out of
/// service; Errc::unauthenticated or Errc::forbidden if it may be read but not that. Blocks on the
/// store.
Result<storage::RepoRow> authorised_repo(storage::Store& store, const Identity& who,
                                         const RepoId& id, Action action);

/// True if `who` may put `blob` into `repo` by naming it (possession or permission, DESIGN 7): it
/// is linked to this repo, or this user uploaded it for this repo, or a repo whose files the user
/// may read holds it. Blocks.
Result<bool> may_name_blob(storage::Store& store, const Identity& who, const storage::RepoRow& repo,
                           const BlobId& blob);

}  // namespace waag::daemon
