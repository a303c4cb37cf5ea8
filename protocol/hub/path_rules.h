#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/hub/glob.h"
#include "protocol/ids.h"

/// Which files of a repository a .gitattributes or .gitignore at its root names.
namespace waag::hub {

/// Files longer than this are refused by whoever reads them for these classes.
inline constexpr std::size_t path_rules_bytes_max = 1024 * 1024;

/// One pattern, anchored to the root.
struct PathPattern {
  Glob glob;
  bool whole_path = false;      // else against the last name of the path
  bool directory_only = false;  // ended in '/'

  static PathPattern parse(std::string_view text);
  [[nodiscard]] bool matches(std::string_view path, bool is_directory) const;
};

/// What matching against all rules of a file costs at most: rules can be sent by strangers.
struct RulesCost {
  std::uint64_t name_tokens = 0;  // of wildcard patterns for the last name
  std::uint64_t path_tokens = 0;  // of wildcard patterns for whole paths
  std::uint64_t rules = 0;

  void add(const PathPattern& pattern);
  /// Upper bound of the steps for one path of that many bytes, of which `parts` prefixes are tried.
  [[nodiscard]] std::uint64_t steps(std::uint64_t path_bytes, std::uint64_t parts) const {
    return name_tokens * path_bytes + path_tokens * path_bytes * parts + rules * parts;
  }
};

/// A root .gitattributes, read for the attribute `filter`. The last rule that says something of an
/// attribute wins; macros
/// ("[attr]lfs filter=lfs") are expanded. Malformed lines are skipped as git does.
/// Source: gitattributes(5).
class GitAttributes {
 public:
  explicit GitAttributes(std::string_view text);
  /// The value of `filter` for the file `path`: "lfs", or "set", "unset"; nullopt if unspecified.
  [[nodiscard]] std::optional<std::string> filter(std::string_view path) const;
  [[nodiscard]] bool is_lfs(std::string_view path) const { return filter(path) == "lfs"; }
  [[nodiscard]] std::uint64_t steps(std::string_view path) const;

 private:
  struct Setting {
    std::string name;
    std::optional<std::string> value;  // nullopt: "!name", back to unspecified
  };
  using Settings = std::vector<Setting>;
  struct Rule {
    PathPattern pattern;
    Settings settings;
  };
  using Values = std::map<std::string, std::optional<std::string>, std::less<>>;

  void add_line(std::string_view line);
  static std::optional<Settings> parse_settings(std::string_view text);
  void keep_what_sets_filter();
  void fill(const Settings& settings, Values& values) const;

  std::vector<Rule> rules_;
  std::map<std::string, Settings, std::less<>> macros_;
  RulesCost cost_;
};

/// A root .gitignore. The last rule that matches wins; nothing below an ignored directory can be
/// taken back. Source: gitignore(5).
class GitIgnore {
 public:
  explicit GitIgnore(std::string_view text);
  [[nodiscard]] bool ignores(std::string_view path) const;
  [[nodiscard]] std::uint64_t steps(std::string_view path) const;

 private:
  struct Rule {
    PathPattern pattern;
    bool negated = false;
  };
  std::vector<Rule> rules_;
  RulesCost cost_;
};

/// The .gitattributes of a new repository (HUB_API 7.3, and gguf, which the Hub leaves to the size
/// rule).
std::string default_gitattributes(RepoType type);

}  // namespace waag::hub
