#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>

#include "daemon/jobs/jobs.h"
#include "daemon/observe/log.h"
#include "tests/support/store_fixture.h"

namespace waag::daemon::testing {

using namespace std::chrono_literals;
using storage::JobRow;
using storage::JobState;

/// A wait that no test reaches unless something is broken.
constexpr auto long_enough = 20s;

/// Lets a job's work wait until the test says so.
class Door {
 public:
  void open() {
    const std::scoped_lock lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  /// By the work. @return false if it was told to stop before
  bool pass(const JobContext& context) {
    std::unique_lock lock(mutex_);
    inside_.insert(context.id());
    changed_.notify_all();
    changed_.wait_for(lock, context.stop_token(), long_enough, [this] { return open_; });
    inside_.erase(context.id());
    return open_;
  }
  /// By the test: the job has come to the door.
  bool wait_for(std::uint64_t id) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, long_enough, [&] { return inside_.contains(id); });
  }
  std::size_t inside() {
    const std::scoped_lock lock(mutex_);
    return inside_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::set<std::uint64_t> inside_;
  bool open_ = false;
};

/// A clock that only moves when told, by one thread while others read it.
class SharedClock final : public storage::Clock {
 public:
  std::chrono::milliseconds now() const override { return std::chrono::milliseconds(now_); }
  void advance(std::chrono::milliseconds by) { now_ += by.count(); }

 private:
  std::atomic<std::chrono::milliseconds::rep> now_{1'790'000'000'000};
};

/// Jobs over a real store that can be closed and opened again.
struct JobsFixture : waag::testing::StoreFixture {
  ~JobsFixture() { jobs.reset(); }

  void make(Jobs::Options options = default_options()) {
    jobs = std::make_unique<Jobs>(*store, job_clock, log, options);
  }
  static Jobs::Options default_options() {
    Jobs::Options options;
    options.tick = 2ms;
    return options;
  }
  void kind(const std::string& name, std::function<Status(JobContext&)> work, unsigned at_once = 1,
            unsigned attempts_max = 3) {
    jobs->add_kind({name, std::move(work), at_once, attempts_max});
  }
  /// A kind whose work ends well as soon as the door is open.
  void door_kind(unsigned at_once = 1) {
    kind(
        "mirror",
        [this](JobContext& context) -> Status {
          if (door.pass(context)) return ok();
          return fail(Errc::unavailable, "told to stop");
        },
        at_once);
  }
  std::uint64_t submit(const std::string& key = "", std::int32_t priority = 0,
                       const std::string& user = "ada") {
    const auto row = jobs->submit({"mirror", {{"repo", "a/b"}}, {user, "tok"}, priority, key});
    if (!row) FAIL("submit: " << row.error().what);
    return row->id;
  }
  JobRow ended(std::uint64_t id) {
    const auto feed = jobs->watch(id);
    REQUIRE(feed);
    REQUIRE((*feed)->wait_over(long_enough));
    return (*feed)->row();
  }
  JobRow row(std::uint64_t id) {
    const auto found = jobs->find(id);
    REQUIRE(found);
    return *found;
  }
  /// A crash leaves this: the rows as they are, nobody who works.
  void leave_running(std::uint64_t id, std::uint32_t attempts, bool cancelling = false) {
    auto left = store->jobs().find(id);
    REQUIRE(left);
    left->state = JobState::running;
    left->attempts = attempts;
    left->cancelling = cancelling;
    if (cancelling) left->error = "cancelled by ada";
    REQUIRE(store->jobs().put(*left));
  }

  SharedClock job_clock;
  Log log{job_clock, {LogLevel::error, false}, [](auto) {}};
  Door door;
  std::unique_ptr<Jobs> jobs;
};

}  // namespace waag::daemon::testing
