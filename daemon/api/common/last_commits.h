#pragma once

#include <vector>

#include "storage/store.h"

namespace waag::daemon {

/// For each entry the commit that gave it the content it has at `head`: the newest commit in which
/// it differs from the one before. Looks back over the line of history as Store::history orders it,
/// at most history_commits_max; beyond, the oldest commit looked at stands in. Blocks.
Result<std::vector<storage::CommitInfo>> last_commits(
    storage::Store& store, std::uint64_t repo_uid, const CommitId& head,
    const std::vector<storage::TreeEntry>& entries);

inline constexpr std::size_t history_commits_max = 500;

}  // namespace waag::daemon
