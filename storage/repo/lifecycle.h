#pragma once

#include "storage/repo/parts.h"

namespace waag::storage {

struct NewRepo;

/// Creates the repo with its first commit, titled "initial commit", in one transaction.
/// Errc::conflict if the name is taken; Errc::invalid_argument if it is no name.
Result<RepoRow> create_repo(const Parts& parts, const NewRepo& repo);

/// Takes the repo out of sight at once, then removes its other rows in bounded steps. A crash in
/// between is made good by finish_deletions. Payload stays for the garbage collector.
/// @param users  whose possession rows may name the repo
Status delete_repo(const Parts& parts, const UserTable& users, std::uint64_t uid);

/// Takes the repo out of sight and keeps it in the trash, whole: RepoTable::restore brings it back.
Status trash_repo(const Parts& parts, std::uint64_t uid, std::string_view user);

/// Deletes for good what has been in the trash for `kept` or longer. @return how many repos
Result<std::size_t> empty_trash(const Parts& parts, const UserTable& users, TimeMs kept);

/// Goes on with deletions that a crash interrupted. Called at open.
Status finish_deletions(const Parts& parts, const UserTable& users);

}  // namespace waag::storage
