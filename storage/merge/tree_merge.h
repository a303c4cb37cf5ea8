#pragma once

#include "storage/git/object_cache.h"

namespace waag::storage {

/// Paths in conflict that are named; more are not looked for.
inline constexpr std::size_t merge_conflicts_max = 1000;

struct TreeMerge {
  GitId tree;                          // only right if nothing is in conflict
  std::vector<std::string> conflicts;  // paths, in tree order
};

/// Merges two trees that came from `base`: what one side alone changed is taken, what both changed
/// in the same way too; anything else that both changed is in conflict. Files are never merged line
/// by line. Folders that are the same on two sides are not opened.
/// @param writer  gets the new trees; nullptr: only look for conflicts
Result<TreeMerge> merge_trees(ObjectCache& objects, const GitId& base, const GitId& ours,
                              const GitId& theirs, ObjectWriter* writer);

}  // namespace waag::storage
