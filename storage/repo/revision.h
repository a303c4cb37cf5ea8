#pragma once

#include "storage/commit.h"
#include "storage/repo/parts.h"

namespace waag::storage {

/// What a user types, tried in this order: HEAD, a full ref name, branch, tag, the 40 digits of a
/// commit that this repo knows, 7 or more digits that only one such commit starts with.
/// @return Errc::revision_not_found
Result<CommitId> resolve_revision(const Parts& parts, std::uint64_t uid, std::string_view revision);

/// Creates (`expected` = nullopt), moves or deletes (`target` = nullopt) a ref. The target must be
/// a commit that this repo knows (Errc::revision_not_found); a new name must obey git's rules
/// (Errc::invalid_argument) and not be a folder of another ref (Errc::conflict).
Status move_ref(const Parts& parts, std::uint64_t uid, std::string_view name,
                std::optional<CommitId> expected, std::optional<CommitId> target,
                std::string_view user);

/// Creates refs/tags/<name> with a tag object; the ref's target is the commit itself. Errors as
/// move_ref's, and Errc::unprocessable if the message holds a NUL.
Status create_tag(const Parts& parts, const NewTag& tag);
/// Makes `transaction` create a ref only if a clone could hold it: the same two errors as move_ref.
Status expect_new_ref(const Parts& parts, std::uint64_t uid, std::string_view name,
                      Transaction& transaction);

}  // namespace waag::storage
