#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "daemon/http/message.h"
#include "daemon/jobs/job_feed.h"

namespace waag::daemon {

class Jobs;  // daemon/jobs/jobs.h

/// What happens to one job as a body of server-sent events: "state" with all of the job at first
/// and whenever more than its progress changes, "progress" with that alone, a comment when there
/// has been nothing to say for long. Ends behind the state that is the last, and when the daemon
/// ends. Source: HTML Living Standard, section 9.2 (server-sent events).
class JobEvents final : public AsyncSource {
 public:
  struct Pace {
    /// A look costs an atomic read; nobody sees more than five changes a second.
    std::chrono::milliseconds poll{200};
    /// Proxies cut what is silent, and a client that is gone is noticed by a write.
    std::chrono::milliseconds heartbeat{5'000};
  };
  JobEvents(const Jobs& jobs, std::shared_ptr<const JobFeed> feed, Pace pace)
      : jobs_(jobs), feed_(std::move(feed)), pace_(pace) {}

  Task<Result<std::size_t>> read(std::span<std::byte> out) override;

 private:
  void look();

  const Jobs& jobs_;
  const std::shared_ptr<const JobFeed> feed_;
  const Pace pace_;
  std::uint64_t seen_ = 0;  // version of the feed
  storage::JobRow told_;    // without its progress
  std::chrono::steady_clock::time_point spoke_ = std::chrono::steady_clock::now();
  std::string text_;  // on its way out
  bool over_ = false;
};

}  // namespace waag::daemon
