#include "protocol/hub/lfs_rules.h"

#include "protocol/hub/path_rules.h"

namespace waag::hub {
namespace {

constexpr std::string_view lfs_settings = " filter=lfs diff=lfs merge=lfs -text\n";
/// Steps of matching that a commit may cost on top.
constexpr std::uint64_t steps_max = 50'000'000;

/// Only that path: anchored, marks of globs without their meaning. A blank would end the pattern:
/// any one character stands for it.
std::string pattern_of(std::string_view path) {
  std::string pattern = "/";
  for (const char c : path) {
    if (c == ' ') {
      pattern += '?';
      continue;
    }
    if (std::string_view("*?[]\\").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

}  // namespace

std::optional<std::string> cover_lfs_paths(std::string_view attributes,
                                           const std::vector<std::string>& lfs_paths) {
  if (attributes.size() > path_rules_bytes_max) return std::nullopt;
  const GitAttributes rules(attributes);
  std::string text(attributes);
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  const auto before = text.size();
  std::uint64_t steps = 0;
  for (const auto& path : lfs_paths) {
    steps += rules.steps(path);
    if (steps > steps_max) break;
    if (rules.is_lfs(path)) continue;
    const auto line = pattern_of(path).append(lfs_settings);
    if (text.size() + line.size() > path_rules_bytes_max) break;
    text += line;
  }
  if (text.size() == before) return std::nullopt;
  return text;
}

}  // namespace waag::hub
