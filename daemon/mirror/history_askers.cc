#include "daemon/mirror/history_askers.h"

#include <algorithm>
#include <limits>

namespace waag::daemon {
namespace {

std::uint64_t pace(const std::shared_ptr<RateCap>& cap) {
  const auto rate = cap ? cap->rate() : 0;
  return rate > 0 ? rate : std::numeric_limits<std::uint64_t>::max();
}

}  // namespace

void HistoryAskers::ask(std::shared_ptr<RateCap> cap) {
  const std::scoped_lock lock(mutex_);
  caps_.push_back(std::move(cap));
  choose_cap();
}

void HistoryAskers::leave(const std::shared_ptr<RateCap>& cap) {
  {
    const std::scoped_lock lock(mutex_);
    const auto found = std::ranges::find(caps_, cap);
    if (found != caps_.end()) caps_.erase(found);
    if (!caps_.empty()) return choose_cap();
  }
  left_.request_stop();  // what it calls may take its time
}

/// Under the lock.
void HistoryAskers::choose_cap() { throttle_->set(*std::ranges::max_element(caps_, {}, pace)); }

}  // namespace waag::daemon
