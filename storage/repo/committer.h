#pragma once

#include "storage/commit.h"
#include "storage/repo/parts.h"

namespace waag::storage {

/// How long the same request gets the first one's commit. Source: HUB_API 5.4.
inline constexpr TimeMs replay_time = std::chrono::minutes(10);

/// Row k: the commit that a request made.
struct Replay {
  CommitId commit;
  TimeMs at{};
  std::uint64_t pull = 0;  // number of the pull request that the commit opened, if it did
};
Result<Replay> decode_replay(std::string_view value);

/// The way in for commits: one pack fdatasync, then one transaction that moves the ref and makes
/// everything visible at once. See Store::commit for the errors. Blocks; thread-safe.
Result<CommitOutcome> commit_changes(const Parts& parts, const CommitRequest& request);

}  // namespace waag::storage
