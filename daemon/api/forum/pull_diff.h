#pragma once

#include <string>
#include <vector>

#include "storage/store.h"

namespace waag::daemon {

/// Files that a diff looks at; of more, the rest is left out.
inline constexpr std::size_t diff_files_max = 1000;
/// Longest file whose lines are compared, and how much is compared altogether: whoever may read can
/// ask for a diff again and again. Beyond, a file is only said to differ.
inline constexpr std::uint64_t diff_file_bytes_max = 256u << 10;
inline constexpr std::uint64_t diff_bytes_max = 8u << 20;

/// The changes as `git diff` would print them: LFS files by their pointers. Blocks.
Result<std::string> pull_diff(storage::Store& store,
                              const std::vector<storage::FileChange>& changes);

}  // namespace waag::daemon
