#include "daemon/jobs/job_feed.h"

namespace waag::daemon {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;

}  // namespace

JobFeed::JobFeed(storage::JobRow row)
    : row_(std::move(row)),
      done_bytes_(row_.progress.done_bytes),
      total_bytes_(row_.progress.total_bytes),
      done_files_(row_.progress.done_files),
      total_files_(row_.progress.total_files) {}

storage::JobRow JobFeed::row() const {
  std::unique_lock lock(mutex_);
  auto row = row_;
  lock.unlock();
  row.progress.done_bytes = done_bytes_.load(relaxed);
  row.progress.total_bytes = total_bytes_.load(relaxed);
  row.progress.done_files = done_files_.load(relaxed);
  row.progress.total_files = total_files_.load(relaxed);
  return row;
}

bool JobFeed::wait_over(std::chrono::steady_clock::duration limit) const {
  std::unique_lock lock(mutex_);
  return over_.wait_for(lock, limit, [this] { return storage::is_over(row_.state); });
}

void JobFeed::set(const storage::JobRow& row) {
  {
    const std::scoped_lock lock(mutex_);
    auto note = std::move(row_.progress.note);
    row_ = row;
    row_.progress.note = std::move(note);
  }
  changed();
  over_.notify_all();
}

void JobFeed::set_total(std::uint64_t bytes, std::uint64_t files) {
  total_bytes_.store(bytes, relaxed);
  total_files_.store(files, relaxed);
  changed();
}

void JobFeed::set_done(std::uint64_t bytes, std::uint64_t files) {
  done_bytes_.store(bytes, relaxed);
  done_files_.store(files, relaxed);
  changed();
}

void JobFeed::add_done(std::uint64_t bytes, std::uint64_t files) {
  done_bytes_.fetch_add(bytes, relaxed);
  done_files_.fetch_add(files, relaxed);
  changed();
}

void JobFeed::set_note(std::string note) {
  {
    const std::scoped_lock lock(mutex_);
    row_.progress.note = std::move(note);
  }
  changed();
}

void JobFeed::reset_progress() {
  set_note("");
  set_total(0, 0);
  set_done(0, 0);
}

}  // namespace waag::daemon
