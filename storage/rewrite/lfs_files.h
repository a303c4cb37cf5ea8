#pragma once

#include "storage/lfs_files.h"
#include "storage/meta/tables/users.h"
#include "storage/repo/parts.h"

namespace waag::storage {

/// All LFS files of a repo's whole history, by path, then by id. Reads the whole history.
Result<std::vector<LfsFile>> list_lfs_files(const Parts& parts, std::uint64_t uid);

/// Takes LFS files out of every commit of every ref. Each commit that named one, and each after it,
/// is written anew with its message, authors and dates, without its signature, which would be
/// false; annotated tags follow. All refs move in one transaction, so a crash leaves the old
/// history or the new one. Then the repo forgets the old one (prune.h), and that its users uploaded
/// the files. Files that the repo lacks are nothing to do. @param users  whose possession rows may
/// name them
Status remove_lfs_files(const Parts& parts, const UserTable& users, const LfsRemoval& removal);

}  // namespace waag::storage
