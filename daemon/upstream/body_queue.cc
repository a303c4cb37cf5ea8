#include "daemon/upstream/body_queue.h"

#include <utility>

namespace waag::daemon {

Status BodyQueue::write(ByteView bytes) {
  const std::lock_guard lock(mutex_);
  if (closed_) return fail(Errc::unavailable, "an upstream's bytes are not wanted any more");
  if (held_.size() + bytes.size() > full_at_ + bytes_over_max)
    return fail(Errc::internal, "a paused upstream goes on");
  held_.insert(held_.end(), bytes.begin(), bytes.end());
  changed_.notify_all();
  return ok();
}

void BodyQueue::done(Status status) {
  const std::lock_guard lock(mutex_);
  if (!end_) end_ = std::move(status);
  changed_.notify_all();
}

bool BodyQueue::full() {
  const std::lock_guard lock(mutex_);
  const bool full = held_.size() >= full_at_;
  was_full_ = was_full_ || full;
  return full;
}

Result<std::optional<Bytes>> BodyQueue::next(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return !held_.empty() || end_; };
  if (!changed_.wait_until(lock, deadline, ready))
    return fail(Errc::deadline_exceeded, "an upstream's reply did not come in time");
  if (held_.empty()) {
    if (!*end_) return end_->error();
    return std::optional<Bytes>{};
  }
  return std::optional(std::exchange(held_, {}));
}

bool BodyQueue::was_full() {
  const std::lock_guard lock(mutex_);
  return std::exchange(was_full_, false);
}

void BodyQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
}

}  // namespace waag::daemon
