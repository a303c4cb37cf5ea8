#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "protocol/result.h"

namespace waag::git {

/// Longest path of a file in a repository, and its greatest number of segments. Source:
/// RELIABILITY 3.2.10.
inline constexpr std::size_t path_bytes_max = 1024;
inline constexpr std::size_t path_depth_max = 64;
/// Longest branch or tag name: a component of a loose ref is a file name in every clone.
inline constexpr std::size_t ref_name_bytes_max = 255;

/// The one rule for paths of files in repositories: for uploads, mirrored trees and URLs alike. A
/// path that passes stays inside the target folder on every client's system.
///
/// Refused: not UTF-8, control characters, backslash, leading or trailing '/', empty segments, ".",
/// "..", ".git" in any spelling that a file system takes for it, drives ("C:"), more than
/// path_bytes_max or path_depth_max. Windows device names ("aux.py") pass: public repositories have
/// them, and HUB_API 11 (49) asks for a warning, not a refusal.
/// @return the path as given; Errc::unprocessable if refused
/// Source: RELIABILITY 3.2.3; huggingface_hub CVE-2026-15717; git CVE-2014-9390, CVE-2019-1352.
Result<std::string> check_file_path(std::string_view path);

/// One segment by the same rule.
Status check_path_segment(std::string_view segment);

/// Whether Windows can have a file of this path: no segment is a device's name (whatever follows a
/// dot), ends in a dot or a space, or holds one of <>:"|?*.
/// Source: learn.microsoft.com, "Naming Files, Paths, and Namespaces"; git, compat/mingw.c,
/// is_valid_win32_path().
bool fits_windows(std::string_view path);

/// `text` with ASCII capitals as small letters: names that are equal then are one name to a file
/// system without case.
std::string fold_case(std::string_view text);

/// A branch's or tag's name without refs/heads/ or refs/tags/, such as "main" or "release/v1".
/// @return the name as given; Errc::invalid_argument if refused
/// Source: git-check-ref-format(1); HUB_API 5.2.
Result<std::string> check_ref_name(std::string_view name);

}  // namespace waag::git
