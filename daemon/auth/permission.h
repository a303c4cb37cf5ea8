#pragma once

#include "daemon/http/message.h"
#include "storage/store.h"

/// The one place that answers "may this caller do that". Policy tables: HUB_API 2.2, DESIGN 7.
///
/// A person's role on a repo is the highest that any of these give: the own namespace (admin), the
/// membership of the organisation that owns the repo, its groups, a role on this very repo; hub
/// admins have every one. The token caps it: a read token at read, a fine-grained one at what its
/// scopes name. A service account has no role but what its tokens name. A public repo is read by
/// anyone.
namespace waag::daemon {

enum class Action : std::uint8_t {
  read,       // metadata; files too unless the repo is gated (daemon/auth/file_access.h)
  open_pull,  // discussions and refs/pr/N: contribute; on public repos any token that may write
  write,      // content and refs
  admin,      // settings, deletion, who collaborates
};

/// True if `who` is the user named as the author of something.
bool is_author(const Identity& who, std::string_view author);

bool may(const Identity& who, const storage::RepoRow& repo, Action action);

/// The role of `who` on a namespace as a whole, as far as the token lets it through; nullopt: none.
std::optional<storage::Role> role_in(const Identity& who, std::string_view ns);

/// True if `who` may create repos under `ns`: role write there, so the own name (without case), an
/// organisation, or anywhere for a hub admin.
bool may_create_in(const Identity& who, std::string_view ns);

/// True if `who` may set up `ns` itself: role admin there (members, groups, defaults).
bool may_administer(const Identity& who, std::string_view ns);

/// True if `who` may see what only hub admins change: they and auditors.
bool may_audit(const Identity& who);

/// True for a fine-grained token: it is for repos and namespaces, never for the account itself.
bool is_fine_grained(const Identity& who);

/// The repo if `who` may do `action` with it. A repo that is missing and one that the caller may
/// not read give the same Errc::repo_not_found; Errc::disabled if a hub admin took it out of
/// service; Errc::unauthenticated or Errc::forbidden if it may be read but not that. Blocks on the
/// store.
Result<storage::RepoRow> authorised_repo(storage::Store& store, const Identity& who,
                                         const RepoId& id, Action action);

/// The same for commits to the ref of that full name: Action::write, but of refs/pr/N its author
/// may too. Errc::conflict if the pull request is merged. Blocks.
Result<storage::RepoRow> authorised_ref(storage::Store& store, const Identity& who,
                                        const RepoId& id, std::string_view ref);

/// True if `who` may put `blob` into `repo` by naming it (possession or permission, DESIGN 7): it
/// is linked to this repo, or this user uploaded it for this repo, or a repo whose files the user
/// may read holds it. Blocks.
Result<bool> may_name_blob(storage::Store& store, const Identity& who, const storage::RepoRow& repo,
                           const BlobId& blob);

}  // namespace waag::daemon
