#pragma once

#include "storage/repo/parts.h"

namespace waag::storage {

// After its history was rewritten, a repo knows the commits that its refs reach and the blobs that
// those name, nothing else. Commits of branches that were deleted before go too: they share the
// history that was to vanish, and a commit must not outlive its parents. Payload stays for the
// garbage collector, the log of each ref for the audit.

/// Notes on the transaction that rewrites history that pruning must follow.
void expect_pruning(Transaction& transaction, std::uint64_t uid);

/// Removes what no ref reaches any more: commits, links to blobs, and replays that would answer
/// with a commit that is gone. In bounded steps; what a crash leaves undone, finish_pruning does.
/// The caller holds the repo's lock.
Status prune(const Parts& parts, std::uint64_t uid);

/// Goes on with what a crash interrupted. Called at open.
Status finish_pruning(const Parts& parts);

}  // namespace waag::storage
