#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "storage/meta/jobs/job_row.h"

namespace waag::daemon {

/// One job as it is at this moment, in memory: what whoever watches it reads, as often as they
/// like, without the disk and without holding up the job. It stays readable when the job is over.
/// Thread-safe; only the queue and the job itself (JobContext) change it.
class JobFeed {
 public:
  explicit JobFeed(storage::JobRow row);

  /// Goes up with every change: equal versions, equal rows.
  [[nodiscard]] std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  /// With the progress of now.
  [[nodiscard]] storage::JobRow row() const;
  /// Waits until the job is over. @return false if `limit` passed before
  [[nodiscard]] bool wait_over(std::chrono::steady_clock::duration limit) const;

  // --- for the queue ---
  /// Puts the row but for its progress, which the job itself has.
  void set(const storage::JobRow& row);

  // --- for the job ---
  void set_total(std::uint64_t bytes, std::uint64_t files);
  void set_done(std::uint64_t bytes, std::uint64_t files);
  void add_done(std::uint64_t bytes, std::uint64_t files);
  void set_note(std::string note);
  void reset_progress();

 private:
  void changed() { version_.fetch_add(1, std::memory_order_release); }

  mutable std::mutex mutex_;  // of row_; held for as long as a copy takes
  mutable std::condition_variable over_;
  storage::JobRow row_;  // its progress: the note alone is used
  std::atomic<std::uint64_t> done_bytes_{0}, total_bytes_{0}, done_files_{0}, total_files_{0};
  std::atomic<std::uint64_t> version_{1};
};

}  // namespace waag::daemon
