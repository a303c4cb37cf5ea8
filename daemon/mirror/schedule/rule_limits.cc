#include "daemon/mirror/schedule/rule_limits.h"

namespace waag::daemon {

void RuleLimits::set(const MirrorRule& rule) {
  cap_->set_rate(rule.rate_bytes);
  std::optional<TimeWindow> window;
  if (!rule.window.empty()) {
    const auto parsed = TimeWindow::parse(rule.window);
    if (parsed) window = *parsed;
  }
  const std::scoped_lock lock(mutex_);
  text_ = window ? rule.window + " UTC" : "";
  window_ = window;
}

std::optional<storage::TimeMs> RuleLimits::closed_until(storage::TimeMs now) const {
  const std::scoped_lock lock(mutex_);
  if (!window_ || window_->contains(now)) return std::nullopt;
  return window_->next_begin(now);
}

std::string RuleLimits::window_text() const {
  const std::scoped_lock lock(mutex_);
  return text_;
}

}  // namespace waag::daemon
