#include "protocol/git/path.h"

#include <algorithm>
#include <array>

#include "protocol/utf8.h"

namespace waag::git {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

/// Equal but for the case of ASCII letters; `lower_case` is lower case already.
bool equal_folded(std::string_view text, std::string_view lower_case) {
  return std::ranges::equal(text, lower_case, {}, lower);
}

/// HFS+ ignores these code points in names, so ".g\u200cit" is ".git" there.
/// Source: git, utf8.c, next_hfs_char().
std::string without_ignored(std::string_view segment) {
  std::string kept;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    const auto three = segment.substr(i, 3);
    const bool ignored = (three >= "\xE2\x80\x8C" && three <= "\xE2\x80\x8F") ||  // U+200C..200F
                         (three >= "\xE2\x80\xAA" && three <= "\xE2\x80\xAE") ||  // U+202A..202E
                         (three >= "\xE2\x81\xAA" && three <= "\xE2\x81\xAF") ||  // U+206A..206F
                         three == "\xEF\xBB\xBF";                                 // U+FEFF
    if (ignored)
      i += 2;
    else
      kept += segment[i];
  }
  return kept;
}

/// Windows drops dots and spaces at a name's end and reads ':' as the start of a stream's name.
std::string_view windows_stem(std::string_view segment) {
  segment = segment.substr(0, segment.find(':'));
  while (segment.ends_with('.') || segment.ends_with(' ')) segment.remove_suffix(1);
  return segment;
}

bool is_dot_git(std::string_view segment) {
  const std::string visible = without_ignored(segment);
  const auto stem = windows_stem(visible);
  return equal_folded(stem, ".git") || equal_folded(stem, "git~1");
}

/// "con", "com1", "lpt\u00b9", "conin$".
bool is_device(std::string_view folded) {
  constexpr std::array<std::string_view, 6> names{"con", "prn", "aux", "nul", "conin$", "conout$"};
  if (std::ranges::find(names, folded) != names.end()) return true;
  if (!folded.starts_with("com") && !folded.starts_with("lpt")) return false;
  const auto digit = folded.substr(3);
  return (digit.size() == 1 && digit >= "1" && digit <= "9") || digit == "\xC2\xB9" ||
         digit == "\xC2\xB2" || digit == "\xC2\xB3";
}

bool segment_fits_windows(std::string_view segment) {
  if (segment.ends_with('.') || segment.ends_with(' ')) return false;
  if (segment.find_first_of("<>:\"|?*") != segment.npos) return false;
  auto stem = segment.substr(0, segment.find('.'));
  while (stem.ends_with(' ')) stem.remove_suffix(1);
  return !is_device(fold_case(stem));
}

Error refuse_path(const char* why) {
  return fail(Errc::unprocessable, std::string("path: ") + why);
}

Error refuse_ref(const char* why) {
  return fail(Errc::invalid_argument, std::string("ref name: ") + why);
}

}  // namespace

Status check_path_segment(std::string_view segment) {
  if (segment.empty()) return refuse_path("empty segment");
  if (segment.find('/') != segment.npos) return refuse_path("'/' in a segment");
  if (!is_utf8(segment)) return refuse_path("not UTF-8");
  if (has_control(segment)) return refuse_path("control character");
  if (segment.find('\\') != segment.npos) return refuse_path("backslash");
  // "..." and "  " too: Windows reads a segment of dots and spaces as this folder or the one above.
  if (segment.find_first_not_of(". ") == segment.npos) return refuse_path("only dots and spaces");
  if (is_dot_git(segment)) return refuse_path("'.git'");
  if (segment.size() >= 2 && segment[1] == ':' && is_letter(segment[0]))
    return refuse_path("drive");
  return ok();
}

bool fits_windows(std::string_view path) {
  while (true) {
    const auto slash = path.find('/');
    if (!segment_fits_windows(path.substr(0, slash))) return false;
    if (slash == path.npos) return true;
    path.remove_prefix(slash + 1);
  }
}

std::string fold_case(std::string_view text) {
  std::string folded(text);
  std::ranges::transform(folded, folded.begin(), lower);
  return folded;
}

Result<std::string> check_file_path(std::string_view path) {
  if (path.empty()) return refuse_path("empty");
  if (path.size() > path_bytes_max) return refuse_path("too long");
  std::size_t depth = 0;
  for (std::string_view rest = path;; ++depth) {
    if (depth == path_depth_max) return refuse_path("too deep");
    const auto slash = rest.find('/');
    WAAG_CHECK(check_path_segment(rest.substr(0, slash)));
    if (slash == rest.npos) break;
    rest.remove_prefix(slash + 1);
  }
  return std::string(path);
}

Result<std::string> check_ref_name(std::string_view name) {
  if (name.empty()) return refuse_ref("empty");
  if (name.size() > ref_name_bytes_max) return refuse_ref("too long");
  if (!is_utf8(name) || has_control(name)) return refuse_ref("not text");
  if (name.find_first_of(" ~^:?*[\\") != name.npos) return refuse_ref("forbidden character");
  if (name.find("..") != name.npos || name.find("@{") != name.npos)
    return refuse_ref("'..' or '@{'");
  if (name == "@" || name == "HEAD") return refuse_ref("reserved");
  if (name.starts_with('-') || name.ends_with('.'))
    return refuse_ref("leading '-' or trailing '.'");
  for (std::string_view rest = name;;) {
    const auto slash = rest.find('/');
    const auto segment = rest.substr(0, slash);
    if (segment.empty()) return refuse_ref("empty segment");
    if (segment.starts_with('.') || segment.ends_with(".lock"))
      return refuse_ref("leading '.' or trailing '.lock'");
    if (slash == rest.npos) break;
    rest.remove_prefix(slash + 1);
  }
  return std::string(name);
}

}  // namespace waag::git
