#include "daemon/upstream/body_queue.h"

#include <utility>

namespace waag::daemon {

Status BodyQueue::write(ByteView bytes) {
  std::unique_lock lock(mutex_);
  const auto room = [this] { return closed_ || held_.size() < held_max_; };
  if (!changed_.wait_for(lock, wait_, room))
    return fail(Errc::unavailable, "an upstream's bytes are taken too slowly");
  if (closed_) return fail(Errc::unavailable, "an upstream's bytes are not wanted any more");
  held_.insert(held_.end(), bytes.begin(), bytes.end());
  changed_.notify_all();
  return ok();
}

void BodyQueue::done(Status status) {
  const std::lock_guard lock(mutex_);
  if (!end_) end_ = std::move(status);
  changed_.notify_all();
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
  auto taken = std::exchange(held_, {});
  changed_.notify_all();
  return std::optional(std::move(taken));
}

void BodyQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

}  // namespace waag::daemon
