#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/cert/check.h"
#include "cli/cert/repo_at.h"
#include "cli/jobs/progress_line.h"

namespace waag::cli {

/// Looks at files of a repo: of large ones the hub says the hash, others are fetched.
class LookInRepo {
 public:
  explicit LookInRepo(RepoAt& repo) : repo_(repo) {}
  std::optional<std::string> operator()(const certificate::File& file);
  /// The hub's last refusal to send a file that it had named.
  [[nodiscard]] const RepoAt::Maybe& failure() const { return failure_; }

 private:
  RepoAt& repo_;
  RepoAt::Maybe failure_;
};

/// Looks at files of a folder: all their bytes. On a terminal it shows how far it is.
class LookInFolder {
 public:
  /// @param all  whose files it will be asked for
  LookInFolder(const Context& context, std::filesystem::path folder,
               const std::vector<Checked>& all);
  std::optional<std::string> operator()(const certificate::File& file);
  void end_line();

 private:
  void show(const std::string& note);

  const Context& context_;
  const std::filesystem::path folder_;
  ProgressLine progress_;
  std::uint64_t done_bytes_ = 0, total_bytes_ = 0;
  std::chrono::milliseconds shown_{};
  bool bar_shown_ = false;
};

/// The files of weights below a folder: paths in it, sorted. Links are followed to files, not to
/// folders. @return Errc::unavailable if it cannot be listed, Errc::invalid_argument for a name
/// that is no UTF-8
Result<std::vector<std::string>> weights_in(const std::filesystem::path& folder);

/// Whether a file of this name has weights.
bool is_weights(std::string_view path);

}  // namespace waag::cli
