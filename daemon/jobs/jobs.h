#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <boost/json/object.hpp>

#include "daemon/jobs/job_context.h"
#include "daemon/jobs/queue.h"
#include "storage/meta/jobs/job_table.h"
#include "storage/store.h"

namespace waag::daemon {

class Log;  // daemon/observe/log.h

/// What jobs of one kind do, and how.
struct JobKind {
  std::string name;
  /// Runs on a thread of Jobs and may block for long. Errors that time may heal
  /// (Errc::upstream_failed, deadline_exceeded, unavailable, too_many_requests) have it tried again
  /// later; any other one, and whatever it throws, ends the job.
  std::function<Status(JobContext&)> work;
  unsigned at_once = 1;       // jobs of this kind that run side by side
  unsigned attempts_max = 5;  // beginnings, be they ended by an error or by a crash of the daemon
};

/// What somebody wants done.
struct NewJob {
  std::string kind;
  boost::json::object spec;
  storage::JobAsker asker;
  std::int32_t priority = 0;
  /// While a job of this kind and key is not over, it is the answer to whoever asks for the same.
  std::string key;  // "" = a job of its own in any case
};

/// How many jobs there are of a kind in a state, for metrics.
struct JobCount {
  std::string kind;
  storage::JobState state{storage::JobState::queued};
  std::uint64_t count = 0;  // over: since the daemon started
};

/// Work that outlives its request, the connection and the process. A job's row is written when its
/// state changes and every few seconds while it runs; what was running when the process ended is
/// begun again. Thread-safe; calls block on the store unless they say otherwise.
class Jobs {
 public:
  struct Options {
    unsigned threads_max = 8;  // jobs that run at a time, of all kinds together
    std::size_t queued_max = 10'000;
    std::size_t kept = 1'000;                  // jobs that are over and still listed
    std::chrono::milliseconds backoff{5'000};  // before the second attempt; then ever twice as long
    std::chrono::milliseconds backoff_max{600'000};
    std::chrono::milliseconds tick{1'000};  // how often it is looked whether a job's time has come
  };
  Jobs(storage::Store& store, storage::Clock& clock, Log& log, Options options);
  ~Jobs();
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  /// Before start().
  void add_kind(JobKind kind);
  /// Takes over what an earlier process left, and begins to work. Once.
  Status start();
  /// Begins no further job and tells running ones to end, which stay "running" in the store, for
  /// the next start. Does not wait for them; watchers leave.
  void begin_stop();
  /// The same, and waits until no work runs any more.
  void stop();
  [[nodiscard]] bool stopping() const { return stopping_.load(std::memory_order_acquire); }

  /// @return the new job, or the unfinished one that has this key, at the higher priority of both.
  ///         Errc::invalid_argument for an unknown kind, too_large for the spec,
  ///         too_many_requests for the queue, conflict if that one is being cancelled
  Result<storage::JobRow> submit(NewJob job);
  /// Ends a queued job at once, and tells a running one to end. A job that is over stays as it is.
  /// @param by  who wants that, for the record. @return the row as it is now; Errc::not_found
  Result<storage::JobRow> cancel(std::uint64_t id, std::string_view by);
  /// A job that waits for a later time may begin now, and one that runs, if it puts itself off, at
  /// once again: what it waits for has changed. Errc::not_found
  Status hasten(std::uint64_t id);
  /// With the progress of now. Errc::not_found
  Result<storage::JobRow> find(std::uint64_t id) const;
  /// Newest first, as JobTable::list, with the progress of now.
  Result<std::vector<storage::JobRow>> list(const storage::JobFilter& filter, std::uint64_t before,
                                            std::size_t limit) const;
  /// For those who want to see what happens to the job from now on. Errc::not_found
  Result<std::shared_ptr<const JobFeed>> watch(std::uint64_t id) const;
  [[nodiscard]] std::vector<JobCount> counts() const;  // never touches the disk

 private:
  /// A job that is not over.
  struct Live {
    std::shared_ptr<JobFeed> feed;
    std::stop_source stop;
    bool hastened = false;  // since it began to run
  };
  using Lock = std::unique_lock<std::mutex>;

  // With mutex_ held, but for work() and save_progress(), which take it.
  Status take_over(storage::JobRow row);
  void work();
  std::optional<JobQueue::Waiting> next(Lock& lock);
  void run(Lock& lock, const JobQueue::Waiting& job);
  void settle(storage::JobRow row, const JobKind& kind, const Status& came,
              std::optional<storage::TimeMs> put_off_until);
  void try_again(storage::JobRow row, const Status& came);
  void begin_later(storage::JobRow row);
  void save_progress(std::uint64_t id);
  Result<storage::JobRow> join(std::uint64_t id, const NewJob& job);
  Status finish(storage::JobRow row, storage::JobState state, std::string error);
  Status change(const storage::JobRow& row);
  void add_live(const storage::JobRow& row);
  void enqueue(const storage::JobRow& row);
  void prune();
  void log(const storage::JobRow& row, const char* event, std::string_view error = "") const;

  storage::Store& store_;
  storage::Clock& clock_;
  Log& log_;
  const Options options_;
  std::map<std::string, JobKind> kinds_;  // never changed after start()
  std::atomic<bool> stopping_{false};

  /// Of all below, and of all writes of rows: memory and disk agree whenever it is free. State
  /// changes are rare, so it may be held over a sync; what must not wait reads a JobFeed.
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  JobQueue queue_;
  std::map<std::uint64_t, Live> live_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> by_key_;  // kind, key
  std::map<std::pair<std::string, storage::JobState>, std::uint64_t> over_;
  std::size_t over_since_prune_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace waag::daemon
