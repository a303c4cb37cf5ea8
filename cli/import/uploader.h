#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/import/source.h"
#include "cli/repo_id.h"

namespace waag::cli {

/// Puts a source's files into a repo of the hub by the calls that every client uses: what the repo
/// has already is left out, large files go first and one by one, then come commits of bounded size.
class Uploader {
 public:
  struct Outcome {
    std::uint64_t files = 0;     // of the source
    std::uint64_t uploaded = 0;  // that were not there
    std::uint64_t bytes = 0;     // of these
    std::uint64_t commits = 0;
  };
  struct Problem {
    std::string text;
    int code = 0;  // an ExitCode
  };

  Uploader(Context& context, RepoName repo, bool is_private)
      : context_(context), repo_(std::move(repo)), private_(is_private) {}

  /// @return what went wrong, with what was done before in outcome()
  std::optional<Problem> upload(const Source& source);
  [[nodiscard]] const Outcome& outcome() const { return outcome_; }

 private:
  struct Planned {
    const SourceFile* file = nullptr;
    bool lfs = false;
    BlobId oid;  // of LFS files
  };
  using Maybe = std::optional<Problem>;
  Maybe create();
  Maybe plan(const Source& source);
  Maybe plan_page(const std::vector<const SourceFile*>& files);
  Maybe take_row(const SourceFile& file, const boost::json::value& row);
  Maybe send_large_files();
  Maybe send_large_file(const Planned& file);
  Maybe commit_all(const Source& source);
  Maybe commit(const std::string& lines, const std::string& summary);
  static Problem problem(const Hub::Failure& failure);
  static Problem problem(const Error& error);

  Context& context_;
  const RepoName repo_;
  const bool private_;
  Outcome outcome_;
  std::vector<Planned> planned_;
};

}  // namespace waag::cli
