#pragma once

#include "storage/git/object_cache.h"

namespace waag::storage {

/// Commits looked at before two lines count as unrelated.
inline constexpr std::size_t merge_base_commits_max = 1'000'000;

/// A best common ancestor of `a` and `b`: one that is no ancestor of another one. Of several the
/// newest by date. nullopt if the two share no history.
Result<std::optional<CommitId>> merge_base(ObjectCache& objects, const CommitId& a,
                                           const CommitId& b);

}  // namespace waag::storage
