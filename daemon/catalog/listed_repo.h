#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/auth/rights.h"
#include "daemon/catalog/summary.h"
#include "storage/meta/repo_rows.h"

namespace waag::daemon {

/// How often a repo was asked for and liked.
struct Popularity {
  std::uint64_t downloads = 0;  // last 30 days
  std::uint64_t downloads_all_time = 0;
  std::uint64_t likes = 0;
};

/// What lists are sorted by unless told otherwise: the attention of late.
inline std::uint64_t trending_score(const Popularity& popularity) {
  return popularity.likes + popularity.downloads;
}

/// A repo as the index of lists holds it: what is searched, filtered and sorted by, about a
/// kilobyte. Immutable; a change makes a new one.
struct ListedRepo {
  ListedRepo(storage::RepoRow row, const Summary& summary, Popularity counts);

  storage::RepoRow repo;
  CommitId head;
  storage::TimeMs modified{};
  Popularity popularity;
  std::uint64_t files_bytes = 0;
  std::uint64_t parameters = 0;
  std::string folded_name;  // full name in lower case
  std::string pipeline_tag;
  std::string library_name;

  [[nodiscard]] bool has_tag(std::string_view tag) const { return has_line(tags_, tag); }
  /// Whether a space says that it uses the model or dataset ("ns/name").
  [[nodiscard]] bool uses_model(std::string_view id) const { return has_line(models_, id); }
  [[nodiscard]] bool uses_dataset(std::string_view id) const { return has_line(datasets_, id); }
  template <class Visit>
  void each_tag(Visit visit) const {
    for (std::string_view rest = std::string_view(tags_).substr(1); !rest.empty();) {
      const auto end = rest.find('\n');
      visit(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
  }

 private:
  static bool has_line(std::string_view lines, std::string_view line);

  // Each text with a line end before and after it: found by one search, held in one allocation.
  std::string tags_;
  std::string models_;
  std::string datasets_;
};

}  // namespace waag::daemon
