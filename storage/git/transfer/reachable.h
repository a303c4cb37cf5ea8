#pragma once

#include <unordered_set>

#include "storage/repo/parts.h"

namespace waag::storage {

/// Which of some git objects a repo's own history holds. That the store has an object says nothing:
/// it may be another repo's. Looks at the trees of all refs first, latest first, then further back.
///
/// @param commits_max  how many commits are looked at
/// @return those of `ids` (trees, blobs and tags of refs) that were not found
Result<std::unordered_set<GitId>> not_reachable(const Parts& parts, std::uint64_t uid,
                                                std::unordered_set<GitId> ids,
                                                std::size_t commits_max);

}  // namespace waag::storage
