#pragma once

#include <atomic>
#include <map>
#include <mutex>

#include "daemon/async.h"
#include "daemon/mirror/fill/fill.h"

namespace waag::daemon {

/// All fills that run, one a file: who wants a file that is on its way joins. Jobs have threads of
/// their own, so that readers wait for nothing that only a job wants. Thread-safe.
class Fills {
 public:
  /// Who wants a file.
  enum class For : std::uint8_t { reader, job };

  struct Options {
    Fill::Limits limits;
    std::size_t at_once = 32;       // fills for readers; more wait their turn
    std::size_t jobs_at_once = 32;  // those that only jobs want
    std::function<void(const Fill&, const Status&)> ended;  // for log and metrics
    /// Whether one more LFS file may be brought. @param bytes  its own, and of those under way
    std::function<Status(std::uint64_t bytes)> admit{};
  };
  Fills(storage::Store& store, Options options);
  /// Stops all that runs; what came stays for the next life.
  ~Fills();
  Fills(const Fills&) = delete;
  Fills& operator=(const Fills&) = delete;

  /// The fill of that file, started if there is none. Errc::no_space if it has no room, or
  /// what Options::admit says.
  /// @param cap  as Fill::ask()
  Result<std::shared_ptr<Fill>> join(WantedFile wanted, std::shared_ptr<RateCap> cap = nullptr,
                                     For who = For::reader);
  /// Whether wrong bytes of this file went out a while ago: whoever goes on with what he has of it
  /// would keep them. @param key  WantedFile::key()
  [[nodiscard]] bool went_wrong(std::string_view key) const;
  struct Running {
    std::string about;
    std::uint64_t size_bytes = 0;
    std::uint64_t there_bytes = 0;
  };
  [[nodiscard]] std::vector<Running> running() const;

 private:
  /// A fill from when it is asked for.
  struct Work {
    std::shared_ptr<Fill> fill;
    std::string key;
    bool for_reader = false;         // it stands in the readers' queue; guarded by mutex_
    std::atomic<bool> begun{false};  // by a thread of either kind
  };
  Result<std::shared_ptr<Work>> begin(WantedFile wanted, const std::string& key,
                                      std::shared_ptr<RateCap> cap);
  void enqueue(const std::shared_ptr<Work>& work, For who);
  void run(Work& work);
  Status run_once(Fill& fill);
  bool take_out(const Fill& fill, const std::string& key);
  Status admit(const WantedFile& wanted) const;
  void sweep();

  storage::Store& store_;
  const Options options_;
  const std::string boot_id_;
  std::stop_source stop_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Work>, std::less<>> fills_;
  std::map<std::string, std::chrono::steady_clock::time_point, std::less<>> wrong_;  // until when
  asio::thread_pool threads_, job_threads_;  // last: joined before the rest goes
};

}  // namespace waag::daemon
