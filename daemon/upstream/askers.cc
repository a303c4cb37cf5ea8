#include "daemon/upstream/askers.h"

#include <algorithm>
#include <limits>

namespace waag::daemon {
namespace {

std::uint64_t speed(const std::shared_ptr<RateCap>& cap) {
  const auto rate = cap->rate();
  return rate > 0 ? rate : std::numeric_limits<std::uint64_t>::max();
}

}  // namespace

void Askers::ask(std::shared_ptr<RateCap> cap) {
  const std::scoped_lock lock(mutex_);
  if (cap)
    rules_.push_back(std::move(cap));
  else
    ++waiting_;
  choose_cap();
}

void Askers::leave(const std::shared_ptr<RateCap>& cap) {
  {
    const std::scoped_lock lock(mutex_);
    const auto found = std::ranges::find(rules_, cap);
    if (found != rules_.end())
      rules_.erase(found);
    else if (!cap && waiting_ > 0)
      --waiting_;
    else
      return;
    if (waiting_ > 0 || !rules_.empty()) return choose_cap();
  }
  left_.request_stop();  // what it calls may take its time
}

bool Askers::any() const {
  const std::scoped_lock lock(mutex_);
  return waiting_ > 0 || !rules_.empty();
}

/// Under the lock; there is one.
void Askers::choose_cap() {
  throttle_->set(waiting_ > 0 ? nullptr : *std::ranges::max_element(rules_, {}, speed));
}

}  // namespace waag::daemon
