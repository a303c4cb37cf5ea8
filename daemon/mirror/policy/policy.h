#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/mirror/policy/licences.h"
#include "daemon/mirror/sync/file_globs.h"
#include "protocol/hub/glob.h"
#include "protocol/ids.h"
#include "protocol/result.h"

namespace waag::daemon {

/// What may come from upstreams: rules of a TOML file, of which the first that fits decides; where
/// none does, it may. docs/MIRROR.md describes the file.
class MirrorPolicy {
 public:
  struct File {
    std::string path;
    std::uint64_t size_bytes = 0;
  };
  struct Repo {
    RepoId id;
    std::vector<File> files;
  };
  /// Asked once, and only if a rule's other conditions leave it to the licence.
  using Licences = std::function<Result<std::vector<std::string>>()>;

  MirrorPolicy() = default;  // everything may come
  /// @return Errc::invalid_argument with the line
  static Result<MirrorPolicy> parse(std::string_view toml, std::string_view file_name);
  static Result<MirrorPolicy> load(const std::string& path);

  /// Whether a revision may come at all. @return Errc::forbidden that names the rule; what
  /// `licences` answers if that fails
  Status check(const Repo& repo, const Licences& licences) const;
  /// Whether the bytes of one file of it may come. Conditions on the licence and the whole size
  /// were asked by check(). @return Errc::forbidden that names the rule
  Status check_file(const RepoId& repo, const File& file) const;
  [[nodiscard]] bool empty() const { return rules_.empty(); }

 private:
  enum class Action : std::uint8_t { allow, deny, leave_out };
  struct Rule {
    std::string name;
    Action action{Action::allow};
    std::vector<hub::Glob> repos, orgs;
    FileGlobs files;
    std::vector<RepoType> types;
    std::vector<std::string> licences;
    std::vector<LicenceClass> classes;
    bool pickle = false;
    std::optional<std::uint64_t> file_bytes_over, repo_bytes_over;
    [[nodiscard]] bool on_licence() const { return !licences.empty() || !classes.empty(); }
    [[nodiscard]] bool on_files() const {
      return !files.empty() || pickle || file_bytes_over.has_value();
    }
  };
  class Reader;
  static bool names_repo(const Rule& rule, const RepoId& repo);
  static bool names_file(const Rule& rule, const File& file);
  static bool names_licence(const Rule& rule, const std::vector<std::string>& licences);
  static bool names_content(const Rule& rule, const Repo& repo);
  static Error refusal(const Rule& rule, const std::string& what);

  std::vector<Rule> rules_;
};

/// Names of files that may run code when they are loaded.
bool is_pickle(std::string_view path);

}  // namespace waag::daemon
