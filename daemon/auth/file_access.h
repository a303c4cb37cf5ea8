#pragma once

#include "daemon/auth/permission.h"
#include "daemon/auth/secrets/signed_href.h"

/// Gated repos: what they hold is public, or private, as of any repo; the content of their files is
/// for those alone whom the owner let in. Source: HUB_API 2.2.
namespace waag::daemon {

/// True if `who` may have the content of `repo`'s files: the right to read and, if the repo is
/// gated, an accepted request or the right to write (whatever the token's role; a fine-grained one
/// must name the repo). The one place that decides it: everything that gives out content, or bytes
/// by their hash, asks here. Blocks.
Result<bool> may_read_files(storage::Store& store, const Identity& who,
                            const storage::RepoRow& repo);

/// Errc::gated with the text that clients know unless may_read_files. For a repo that `who` may
/// read. Blocks.
Status need_files(storage::Store& store, const Identity& who, const storage::RepoRow& repo);

/// True if the person has the files of a gated repo without asking: who may write to it.
bool passes_gate(const Identity& who, const storage::RepoRow& repo);

/// The repo of a signed href if its signer's user may still read it: hrefs live for hours, rights
/// may end at once. Errc::repo_not_found, Errc::disabled or, for a user who was disabled,
/// Errc::forbidden. Blocks.
struct HrefTarget {
  Identity who;
  storage::RepoRow repo;
};
Result<HrefTarget> open_href(storage::Store& store, const HrefGrant& grant);

}  // namespace waag::daemon
