#include "daemon/mirror/fill/askers.h"

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
    waited_for_ = true;
  choose_cap();
}

void Askers::leave(const std::shared_ptr<RateCap>& cap) {
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find(rules_, cap);
  if (found != rules_.end()) rules_.erase(found);
  choose_cap();
}

bool Askers::any() const {
  const std::scoped_lock lock(mutex_);
  return waited_for_ || !rules_.empty();
}

void Askers::choose_cap() {
  const auto fastest = std::ranges::max_element(rules_, {}, speed);
  throttle_->set(waited_for_ || fastest == rules_.end() ? nullptr : *fastest);
}

}  // namespace waag::daemon
