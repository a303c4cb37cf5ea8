#pragma once

#include "storage/commit.h"
#include "storage/repo/parts.h"

namespace waag::storage {

/// Makes one commit of the ref's whole history: the same tree, no parent. Other refs stay, and what
/// they reach of the old history; the rest of it is forgotten (prune.h).
/// @return the commit; Errc::revision_not_found; Errc::invalid_argument for a tag, which names one
///         commit for good
Result<CommitId> squash_ref(const Parts& parts, const SquashRequest& request);

}  // namespace waag::storage
