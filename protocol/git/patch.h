#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/ids.h"

namespace waag::git {

/// One side of a file in a patch.
struct PatchSide {
  std::uint32_t mode = 0;
  GitId id;
  /// Its whole content; nullopt if it is binary or too large to show.
  std::optional<std::string_view> text;
};

/// Unchanged lines around each change.
inline constexpr std::size_t patch_context_lines = 3;

/// How one file changed, as `git diff --full-index` prints it and `git apply` reads it; without
/// both texts only that the files differ. At least one side is there.
/// Source: git, Documentation/diff-format.txt, "Generating patch text with -p".
std::string format_patch(std::string_view path, const std::optional<PatchSide>& before,
                         const std::optional<PatchSide>& after);

/// True if git would take the content for binary: a NUL among its first 8000 bytes.
bool is_binary(std::string_view content);

}  // namespace waag::git
