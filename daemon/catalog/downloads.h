#pragma once

#include <mutex>
#include <unordered_map>
#include <vector>

#include "storage/meta/soft/download_row.h"
#include "storage/os/clock.h"
#include "storage/store.h"

namespace waag::daemon {

/// Whether a request for this file of a model is a download of the model: each library asks for one
/// such file once. Source: HUB_API 4.7; hub docs, "models-download-stats".
bool is_query_file(std::string_view path);

/// Counts downloads in memory and writes them behind the work: at most once in flush_every, by the
/// request that comes then, and at the end. A crash loses what was not yet written. Holds a row for
/// each repo that was asked for. Thread-safe.
class Downloads {
 public:
  static constexpr storage::TimeMs flush_every = std::chrono::seconds(10);
  /// Requests of one caller for one dataset within this time are one download.
  static constexpr storage::TimeMs one_visit = std::chrono::minutes(5);

  Downloads(storage::Store& store, storage::Clock& clock) : store_(store), clock_(clock) {}

  struct Counts {
    std::uint64_t recent = 0;  // last 30 days
    std::uint64_t all_time = 0;
  };
  Counts of(std::uint64_t uid);

  /// A file was served. @param caller  who asks: user, or address
  void served(const storage::RepoRow& repo, std::string_view path, std::string_view caller);
  Status flush();
  /// The repos whose counts have changed since the last call.
  std::vector<std::uint64_t> take_changed();
  void forget(std::uint64_t uid);
  /// Days since 1970.
  [[nodiscard]] std::uint64_t today() const;

 private:
  static constexpr std::size_t visits_max = 100'000;

  struct Kept {
    storage::DownloadRow row;
    bool unwritten = false;
    bool changed = false;
  };
  /// Reads the row if it is not yet known.
  void load(std::uint64_t uid);
  void count(std::uint64_t uid);
  bool is_new_visit(std::uint64_t uid, std::string_view caller);

  storage::Store& store_;
  storage::Clock& clock_;
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, Kept> rows_;
  std::vector<std::uint64_t> changed_;  // those of rows_ that say so
  std::unordered_map<std::size_t, storage::TimeMs> visits_;
  storage::TimeMs flushed_{};
};

}  // namespace waag::daemon
