#include "daemon/jobs/jobs.h"

#include <algorithm>
#include <exception>

#include <boost/json/serialize.hpp>

#include "daemon/app.h"
#include "daemon/observe/log.h"

namespace waag::daemon {
namespace {

using storage::JobRow;
using storage::JobState;

constexpr std::size_t spec_bytes_max = 64u << 10;
constexpr std::size_t error_bytes_max = 4u << 10;
/// Who joins later works with the job's outcome all the same, but does not see the job.
constexpr std::size_t askers_max = 64;
/// Jobs that end between two looks for those to be forgotten.
constexpr std::size_t prune_every = 64;
/// Of kinds that this daemon does not know (any more).
constexpr std::uint32_t attempts_max_otherwise = 5;

bool may_heal(Errc code) {
  return code == Errc::upstream_failed || code == Errc::deadline_exceeded ||
         code == Errc::unavailable || code == Errc::too_many_requests;
}

Status call(const JobKind& kind, JobContext& context) {
  try {
    return kind.work(context);
  } catch (const std::exception& thrown) {
    return fail(Errc::internal, std::string("it threw: ") + thrown.what());
  } catch (...) {
    return fail(Errc::internal, "it threw something");
  }
}

}  // namespace

std::shared_ptr<Jobs> make_jobs(storage::Store& store, storage::Clock& clock, Log& log) {
  return std::make_shared<Jobs>(store, clock, log, Jobs::Options{});
}

Jobs::Jobs(storage::Store& store, storage::Clock& clock, Log& log, Options options)
    : store_(store), clock_(clock), log_(log), options_(options) {}

Jobs::~Jobs() { stop(); }

void Jobs::add_kind(JobKind kind) {
  queue_.set_limit(kind.name, kind.at_once);
  kinds_[kind.name] = std::move(kind);
}

Status Jobs::start() {
  const std::scoped_lock lock(mutex_);
  WAAG_TRY(auto rows, store_.jobs().unfinished());
  for (auto& row : rows)
    if (!live_.contains(row.id)) WAAG_CHECK(take_over(std::move(row)));
  prune();
  std::size_t wanted = 0;
  for (const auto& [name, kind] : kinds_) wanted += kind.at_once;
  for (std::size_t i = 0; i < std::min<std::size_t>(wanted, options_.threads_max); ++i)
    threads_.emplace_back([this] { work(); });
  return ok();
}

Status Jobs::take_over(JobRow row) {
  add_live(row);
  if (row.state == JobState::running) {
    const auto kind = kinds_.find(row.kind);
    const auto most = kind == kinds_.end() ? attempts_max_otherwise : kind->second.attempts_max;
    if (row.cancelling) return finish(row, JobState::cancelled, row.error);
    if (row.attempts >= most)
      return finish(row, JobState::failed,
                    "the daemon ended while it ran, " + std::to_string(row.attempts) + " times");
    row.state = JobState::queued;
    WAAG_CHECK(change(row));
    log(row, "job_resumed");
  }
  enqueue(row);
  return ok();
}

void Jobs::begin_stop() {
  const std::scoped_lock lock(mutex_);
  stopping_.store(true, std::memory_order_release);
  for (auto& [id, live] : live_) live.stop.request_stop();
  changed_.notify_all();
}

void Jobs::stop() {
  begin_stop();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

// --- for those who want something done ---

Result<JobRow> Jobs::submit(NewJob job) {
  if (!kinds_.contains(job.kind))
    return fail(Errc::invalid_argument, "There are no jobs of the kind " + job.kind);
  JobRow row;
  row.spec = boost::json::serialize(job.spec);
  if (row.spec.size() > spec_bytes_max) return fail(Errc::too_large, "The job's spec is too large");
  const std::scoped_lock lock(mutex_);
  if (stopping()) return fail(Errc::unavailable, "the daemon ends");
  if (const auto same = by_key_.find({job.kind, job.key}); same != by_key_.end())
    return join(same->second, job);
  if (queue_.size() >= options_.queued_max)
    return fail(Errc::too_many_requests, "too many jobs are queued");
  row.kind = job.kind;
  row.key = job.key;
  row.priority = job.priority;
  row.askers = {job.asker};
  row.created = clock_.now();
  WAAG_TRY(row, store_.jobs().add(std::move(row)));
  add_live(row);
  enqueue(row);
  log(row, "job_queued");
  return row;
}

Result<JobRow> Jobs::join(std::uint64_t id, const NewJob& job) {
  const auto& live = live_.at(id);
  auto row = live.feed->row();
  if (row.cancelling)
    return fail(Errc::conflict, "Job " + std::to_string(id) + " does this and is being cancelled");
  const bool known = std::ranges::find(row.askers, job.asker) != row.askers.end();
  const bool sooner = job.priority > row.priority;
  if (!known && row.askers.size() < askers_max) row.askers.push_back(job.asker);
  row.priority = std::max(row.priority, job.priority);
  if (known && !sooner) return row;
  WAAG_CHECK(change(row));
  if (queue_.remove(id)) enqueue(row);
  return row;
}

Result<JobRow> Jobs::cancel(std::uint64_t id, std::string_view by) {
  const std::scoped_lock lock(mutex_);
  const auto found = live_.find(id);
  if (found == live_.end()) return store_.jobs().find(id);
  auto row = found->second.feed->row();
  const auto why = "cancelled by " + std::string(by);
  if (row.state == JobState::queued) {
    const auto feed = found->second.feed;
    WAAG_CHECK(finish(row, JobState::cancelled, why));
    return feed->row();
  }
  if (!row.cancelling) {
    row.cancelling = true;
    row.error = why;
    WAAG_CHECK(change(row));
  }
  found->second.stop.request_stop();
  return row;
}

Status Jobs::hasten(std::uint64_t id) {
  const std::scoped_lock lock(mutex_);
  const auto found = live_.find(id);
  if (found == live_.end()) {
    WAAG_TRY(const auto over, store_.jobs().find(id));
    static_cast<void>(over);
    return ok();
  }
  found->second.hastened = true;
  auto row = found->second.feed->row();
  if (row.state != JobState::queued || row.not_before == storage::TimeMs{}) return ok();
  row.not_before = {};
  WAAG_CHECK(change(row));
  if (queue_.remove(id)) enqueue(row);
  return ok();
}

Result<JobRow> Jobs::find(std::uint64_t id) const {
  WAAG_TRY(const auto feed, watch(id));
  return feed->row();
}

Result<std::vector<JobRow>> Jobs::list(const storage::JobFilter& filter, std::uint64_t before,
                                       std::size_t limit) const {
  WAAG_TRY(auto rows, store_.jobs().list(filter, before, limit));
  const std::scoped_lock lock(mutex_);
  for (auto& row : rows)
    if (const auto live = live_.find(row.id); live != live_.end()) row = live->second.feed->row();
  return rows;
}

Result<std::shared_ptr<const JobFeed>> Jobs::watch(std::uint64_t id) const {
  // Whoever ends the job holds the lock until the row says so.
  const std::scoped_lock lock(mutex_);
  if (const auto live = live_.find(id); live != live_.end())
    return std::shared_ptr<const JobFeed>(live->second.feed);
  WAAG_TRY(auto row, store_.jobs().find(id));
  return std::shared_ptr<const JobFeed>(std::make_shared<JobFeed>(std::move(row)));
}

std::vector<JobCount> Jobs::counts() const {
  const std::scoped_lock lock(mutex_);
  auto counted = over_;
  for (const auto& [name, kind] : kinds_)
    for (const auto state : {JobState::queued, JobState::running}) counted[{name, state}];
  for (const auto& [id, live] : live_) {
    const auto row = live.feed->row();
    if (kinds_.contains(row.kind)) ++counted[{row.kind, row.state}];
  }
  std::vector<JobCount> counts;
  for (const auto& [of, count] : counted) counts.push_back({of.first, of.second, count});
  return counts;
}

// --- the threads ---

void Jobs::work() {
  Lock lock(mutex_);
  while (const auto job = next(lock)) {
    run(lock, *job);
    queue_.release(job->kind);
    changed_.notify_all();
  }
}

std::optional<JobQueue::Waiting> Jobs::next(Lock& lock) {
  while (!stopping()) {
    const auto now = clock_.now();
    if (auto job = queue_.take(now)) return job;
    if (queue_.any_later(now))
      changed_.wait_for(lock, options_.tick);
    else
      changed_.wait(lock);
  }
  return std::nullopt;
}

void Jobs::run(Lock& lock, const JobQueue::Waiting& job) {
  auto& live = live_.at(job.id);
  const auto& kind = kinds_.at(job.kind);
  const auto feed = live.feed;
  live.stop = std::stop_source();
  live.hastened = false;
  auto row = feed->row();
  row.state = JobState::running;
  row.started = clock_.now();
  row.not_before = {};
  row.attempts += 1;
  row.error.clear();
  row.progress = {};
  if (const auto begun = change(row); !begun) {
    row = feed->row();
    return try_again(std::move(row), begun);
  }
  feed->reset_progress();
  log(row, "job_started");
  JobContext context(feed, live.stop.get_token(), clock_,
                     [this, id = job.id] { save_progress(id); });
  lock.unlock();
  const auto came = call(kind, context);
  lock.lock();
  row = feed->row();
  row.result = context.result();
  settle(std::move(row), kind, came, context.put_off_until());
}

/// What follows from how the work returned.
void Jobs::settle(JobRow row, const JobKind& kind, const Status& came,
                  std::optional<storage::TimeMs> put_off_until) {
  Status written = ok();
  if (came) {
    written = finish(row, JobState::done, "");
  } else if (row.cancelling) {
    written = finish(row, JobState::cancelled, row.error);
  } else if (stopping()) {
    --row.attempts;  // an orderly end of the daemon is not the job's fault
    written = change(row);
  } else if (put_off_until) {
    --row.attempts;
    row.not_before = live_.at(row.id).hastened ? storage::TimeMs{} : *put_off_until;
    log(row, "job_put_off", came.error().what);
    return begin_later(std::move(row));
  } else if (may_heal(came.error().code) && row.attempts < kind.attempts_max) {
    return try_again(std::move(row), came);
  } else {
    written = finish(row, JobState::failed, came.error().what);
  }
  // The next start begins the job again; nobody is told more than the disk knows for long.
  if (!written) log(row, "job_not_written", written.error().what);
}

void Jobs::try_again(JobRow row, const Status& came) {
  auto wait = options_.backoff;
  for (std::uint32_t i = 1; i < row.attempts && wait < options_.backoff_max; ++i) wait *= 2;
  row.not_before = clock_.now() + std::min(wait, options_.backoff_max);
  row.error = came.error().what.substr(0, error_bytes_max);
  log(row, "job_delayed", row.error);
  begin_later(std::move(row));
}

void Jobs::begin_later(JobRow row) {
  row.state = JobState::queued;
  if (const auto written = change(row); !written) {
    log(row, "job_not_written", written.error().what);
    live_.at(row.id).feed->set(row);
  }
  enqueue(row);
}

void Jobs::save_progress(std::uint64_t id) {
  const std::scoped_lock lock(mutex_);
  const auto live = live_.find(id);
  if (live == live_.end()) return;
  const auto row = live->second.feed->row();
  if (row.state != JobState::running) return;
  if (const auto put = store_.jobs().put(row); !put) log(row, "job_not_written", put.error().what);
}

// --- rows ---

Status Jobs::finish(JobRow row, JobState state, std::string error) {
  row.state = state;
  row.finished = clock_.now();
  row.not_before = {};
  row.cancelling = false;
  row.error = std::move(error);
  if (row.error.size() > error_bytes_max) row.error.resize(error_bytes_max);
  const auto written = store_.jobs().put(row);
  queue_.remove(row.id);
  if (!row.key.empty()) by_key_.erase({row.kind, row.key});
  const auto live = live_.extract(row.id);
  live.mapped().feed->set(row);
  if (kinds_.contains(row.kind)) ++over_[{row.kind, state}];
  if (++over_since_prune_ >= prune_every) prune();
  log(row,
      state == JobState::done     ? "job_done"
      : state == JobState::failed ? "job_failed"
                                  : "job_cancelled",
      row.error);
  return written;
}

/// On disk, then for all to see.
Status Jobs::change(const JobRow& row) {
  WAAG_CHECK(store_.jobs().put(row));
  live_.at(row.id).feed->set(row);
  return ok();
}

void Jobs::add_live(const JobRow& row) {
  live_[row.id].feed = std::make_shared<JobFeed>(row);
  if (!row.key.empty()) by_key_[{row.kind, row.key}] = row.id;
}

void Jobs::enqueue(const JobRow& row) {
  queue_.push({row.id, row.kind, row.priority, row.not_before});
  changed_.notify_all();
}

void Jobs::prune() {
  over_since_prune_ = 0;
  const auto pruned = store_.jobs().prune(options_.kept);
  if (pruned) return;
  LogLine line;
  line.level = LogLevel::error;
  line.event = "jobs_not_pruned";
  line.err = pruned.error().what;
  log_.write(line);
}

void Jobs::log(const JobRow& row, const char* event, std::string_view error) const {
  const auto id = "job-" + std::to_string(row.id);
  LogLine line;
  line.level = row.state == JobState::failed ? LogLevel::warn : LogLevel::info;
  line.event = event;
  line.request_id = id;
  line.route = row.kind;
  line.err = error;
  log_.write(line);
}

}  // namespace waag::daemon
