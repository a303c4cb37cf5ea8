#pragma once

#include <string>
#include <string_view>

#include "storage/commit.h"

/// What may be a title or a comment.
namespace waag::daemon {

/// Characters of a title. Source: huggingface_hub hf_api.py, create_discussion.
inline constexpr std::size_t title_characters_min = 3;
inline constexpr std::size_t title_characters_max = 200;
/// Bytes of a comment: long enough for a list of some thousand files.
inline constexpr std::size_t comment_bytes_max = 64u << 10;

/// One line without spaces around it. Errc::invalid_argument if it is too short, too long or holds
/// control characters.
Result<std::string> check_title(std::string_view text);
/// As it came: spaces at its beginning mean something in Markdown. Errc::invalid_argument if it is
/// blank or no text, Errc::too_large.
Result<std::string> check_comment(std::string_view text);

/// The pull request that a commit opens: what does not fit a title or a comment is cut off.
storage::NewPull pull_of_commit(std::string_view summary, std::string_view description);

}  // namespace waag::daemon
