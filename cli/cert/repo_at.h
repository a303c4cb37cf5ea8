#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/repo_id.h"
#include "protocol/ids.h"

namespace waag::cli {

/// A model's repo at one commit, as the hub shows it: all that is asked is of that commit.
class RepoAt {
 public:
  struct File {
    std::uint64_t size_bytes = 0;
    std::optional<BlobId> lfs;  // SHA-256 of its bytes; regular files have none
  };
  using Maybe = std::optional<Hub::Failure>;

  RepoAt(Context& context, RepoName repo) : context_(context), repo_(std::move(repo)) {}

  /// @param revision  branch, tag or commit
  Maybe open(const std::string& revision);
  [[nodiscard]] const std::string& commit() const { return commit_; }
  [[nodiscard]] const std::map<std::string, File>& files() const { return files_; }
  /// Hands over the file's bytes as they come, until they end or `take` returns false.
  Maybe read(const std::string& path, const Http::Take& take);
  /// All of a file that is there, but nothing beyond `bytes_max`.
  Maybe read(const std::string& path, std::size_t bytes_max, std::string& text);

 private:
  Context& context_;
  const RepoName repo_;
  std::string commit_;
  std::map<std::string, File> files_;
};

/// The same of any of the hub's replies.
std::optional<Hub::Failure> read_reply(Hub& hub, const std::string& path, std::size_t bytes_max,
                                       std::string& text);

}  // namespace waag::cli
