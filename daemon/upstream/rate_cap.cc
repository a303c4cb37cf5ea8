#include "daemon/upstream/rate_cap.h"

#include <algorithm>

namespace waag::daemon {
namespace {

/// Time that nobody used is kept for so long: a pause must not end in a flood.
constexpr std::chrono::duration<double> kept_time{0.2};

}  // namespace

void RateCap::set_rate(std::uint64_t bytes_a_second) {
  const std::scoped_lock lock(mutex_);
  if (bytes_a_second == rate_) return;
  rate_ = bytes_a_second;
  left_ = rate_ == 0 ? 0 : std::min(left_, 0.0);
  since_.reset();
}

std::uint64_t RateCap::rate() const {
  const std::scoped_lock lock(mutex_);
  return rate_;
}

bool RateCap::open(Time now) {
  const std::scoped_lock lock(mutex_);
  if (rate_ == 0) return true;
  const auto rate = static_cast<double>(rate_);
  const std::chrono::duration<double> passed = now - since_.value_or(now);
  // Threads that ask at the same time may do so with the older time last.
  if (passed.count() < 0) return left_ > 0;
  left_ = std::min(left_ + rate * passed.count(), rate * kept_time.count());
  since_ = now;
  return left_ > 0;
}

void RateCap::took(std::uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  if (rate_ > 0) left_ -= static_cast<double>(bytes);
}

}  // namespace waag::daemon
