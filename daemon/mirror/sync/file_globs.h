#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/hub/glob.h"

namespace waag::daemon {

/// Patterns for files of a repo, read as in .gitignore: one without a slash is for names in any
/// folder, one with a slash for whole paths, one that ends in a slash for all that is in a folder.
class FileGlobs {
 public:
  FileGlobs() = default;
  explicit FileGlobs(const std::vector<std::string>& patterns);

  [[nodiscard]] bool empty() const { return globs_.empty(); }
  [[nodiscard]] bool matches(std::string_view path) const;

 private:
  std::vector<hub::Glob> globs_;
};

}  // namespace waag::daemon
