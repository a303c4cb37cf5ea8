#pragma once

#include <optional>
#include <vector>

#include "storage/meta/tables/links.h"

namespace waag::storage {

/// What the files of a repo take: LFS files and regular ones too large for one record, of its whole
/// history, each once. Small files, trees and commits are not counted.
struct RepoUsage {
  std::uint64_t files = 0;
  std::uint64_t logical_bytes = 0;   // their sizes together
  std::uint64_t unique_bytes = 0;    // of their chunks, each once
  std::uint64_t physical_bytes = 0;  // the same as stored
  /// What of physical_bytes files of other repos lie in too; without them it would stay.
  std::optional<std::uint64_t> shared_bytes;
};

/// Which other repos count for RepoUsage::shared_bytes. Those in the trash still hold their files.
struct Sharers {
  bool all = false;
  std::vector<std::uint64_t> uids;  // sorted; if not all
};

/// Reads the rows of the repo's files; with `sharers` also those of every file in the store that
/// such a repo holds. Memory is by stretches of records (RecordSet), time by chunks, but no chunk
/// is read or looked up. Errc::corrupt if rows or the directory of a pack cannot be read.
Result<RepoUsage> repo_usage(const RowStore& rows, PackSet& packs, std::uint64_t uid,
                             const std::optional<Sharers>& sharers);

}  // namespace waag::storage
