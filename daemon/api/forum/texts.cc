#include "daemon/api/forum/texts.h"

#include <algorithm>

#include "protocol/utf8.h"

namespace waag::daemon {
namespace {

constexpr std::string_view white = " \t\r\n\f\v";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(white);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(white) - first + 1);
}

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return !continues(c); }));
}

/// At most `bytes_max` of it, never half a character.
std::string_view cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  auto end = bytes_max;
  while (end > 0 && continues(text[end])) --end;
  return text.substr(0, end);
}

std::string_view first_characters(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  for (; end < text.size(); ++end)
    if (!continues(text[end]) && count-- == 0) break;
  return text.substr(0, end);
}

}  // namespace

Result<std::string> check_title(std::string_view text) {
  const auto title = trimmed(text);
  if (!is_utf8(title) || has_control(title))
    return fail(Errc::invalid_argument, "\"title\" must be one line of text");
  const auto length = characters(title);
  if (length < title_characters_min || length > title_characters_max)
    return fail(Errc::invalid_argument, "\"title\" must have " +
                                            std::to_string(title_characters_min) + " to " +
                                            std::to_string(title_characters_max) + " characters");
  return std::string(title);
}

Result<std::string> check_comment(std::string_view text) {
  if (trimmed(text).empty()) return fail(Errc::invalid_argument, "A comment must not be empty");
  if (!is_utf8(text) || text.find('\0') != text.npos)
    return fail(Errc::invalid_argument, "A comment must be text");
  if (text.size() > comment_bytes_max)
    return fail(Errc::too_large,
                "A comment may have at most " + std::to_string(comment_bytes_max) + " bytes");
  return std::string(text);
}

storage::NewPull pull_of_commit(std::string_view summary, std::string_view description) {
  const auto title = trimmed(summary.substr(0, summary.find('\n')));
  storage::NewPull pull;
  pull.title = first_characters(title, title_characters_max);
  if (pull.title.empty()) pull.title = "Pull request without a title";
  pull.text = cut(trimmed(description), comment_bytes_max);
  return pull;
}

}  // namespace waag::daemon
