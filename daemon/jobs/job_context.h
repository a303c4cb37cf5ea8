#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include <boost/json/object.hpp>

#include "daemon/jobs/job_feed.h"
#include "storage/os/clock.h"

namespace waag::daemon {

/// What the work of a job sees of it. Thread-safe: the work may use threads of its own, which end
/// before it returns.
class JobContext {
 public:
  /// @param save  makes the row with its progress durable
  JobContext(std::shared_ptr<JobFeed> feed, std::stop_token stop, storage::Clock& clock,
             std::function<void()> save);

  [[nodiscard]] std::uint64_t id() const { return id_; }
  /// What is to be done, as it was submitted.
  [[nodiscard]] const boost::json::object& spec() const { return spec_; }
  /// Who asked for it.
  [[nodiscard]] const storage::JobAsker& owner() const { return owner_; }
  /// 1 for the first time. Another one begins anew: what the first did may be there already.
  [[nodiscard]] std::uint32_t attempt() const { return attempt_; }

  /// What an earlier beginning had set as its result; empty: nothing.
  [[nodiscard]] const boost::json::object& earlier_result() const { return earlier_result_; }
  [[nodiscard]] storage::TimeMs now() const { return clock_.now(); }

  /// Somebody cancelled the job, or the daemon ends: the work returns soon, with any error.
  [[nodiscard]] bool stopped() const { return stop_.stop_requested(); }
  /// Callbacks on it are called under the queue's lock: they must not ask Jobs anything.
  [[nodiscard]] const std::stop_token& stop_token() const { return stop_; }

  // --- progress: cheap, call it for every block; every few seconds one call waits for the disk ---
  void set_total(std::uint64_t bytes, std::uint64_t files);
  void set_done(std::uint64_t bytes, std::uint64_t files);
  void add_done(std::uint64_t bytes, std::uint64_t files = 0);
  /// One line for people; cut if it is long.
  void set_note(std::string_view note);
  /// What came of it, for whoever asked; kept however the job ends. Durable when it has ended.
  void set_result(boost::json::object result);
  [[nodiscard]] std::string result() const;  // as JSON; "" = none

  /// The work ends now, with any error, and is begun again then. That is no attempt of the job.
  void put_off(storage::TimeMs until) { put_off_until_ = until.count(); }
  [[nodiscard]] std::optional<storage::TimeMs> put_off_until() const;

 private:
  void save_now_and_then();

  const std::shared_ptr<JobFeed> feed_;
  const std::stop_token stop_;
  storage::Clock& clock_;
  const std::function<void()> save_;
  std::uint64_t id_ = 0;
  std::uint32_t attempt_ = 0;
  storage::JobAsker owner_;
  boost::json::object spec_, earlier_result_;
  std::atomic<storage::TimeMs::rep> put_off_until_{0};  // 0: it is not
  std::atomic<storage::TimeMs::rep> saved_;
  mutable std::mutex mutex_;
  std::string result_;
};

}  // namespace waag::daemon
