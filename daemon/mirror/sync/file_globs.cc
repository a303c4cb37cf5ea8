#include "daemon/mirror/sync/file_globs.h"

#include <algorithm>

namespace waag::daemon {

FileGlobs::FileGlobs(const std::vector<std::string>& patterns) {
  for (const auto& pattern : patterns) {
    auto whole = pattern.ends_with('/') ? pattern + "**" : pattern;
    if (whole.starts_with('/')) whole.erase(0, 1);
    globs_.emplace_back(whole, hub::Glob::Scope::path);
  }
}

bool FileGlobs::matches(std::string_view path) const {
  const auto name = path.substr(path.rfind('/') + 1);
  return std::ranges::any_of(
      globs_, [&](const auto& glob) { return glob.matches(path) || glob.matches(name); });
}

}  // namespace waag::daemon
