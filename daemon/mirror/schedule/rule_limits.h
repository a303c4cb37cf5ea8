#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "daemon/mirror/schedule/mirror_rule.h"
#include "daemon/mirror/schedule/time_window.h"
#include "daemon/upstream/rate_cap.h"

namespace waag::daemon {

/// What one rule allows its jobs: how fast, and at which time of the day. It changes with the rule,
/// also for jobs that run. Thread-safe.
class RuleLimits {
 public:
  void set(const MirrorRule& rule);
  /// Of all transfers of its jobs together; one and the same always.
  [[nodiscard]] const std::shared_ptr<RateCap>& cap() const { return cap_; }
  /// When its window opens; nullopt: it is open, or there is none.
  [[nodiscard]] std::optional<storage::TimeMs> closed_until(storage::TimeMs now) const;
  /// For people: "22:00-06:00 UTC"; "" = at any time
  [[nodiscard]] std::string window_text() const;

 private:
  const std::shared_ptr<RateCap> cap_ = std::make_shared<RateCap>();
  mutable std::mutex mutex_;
  std::string text_;
  std::optional<TimeWindow> window_;
};

}  // namespace waag::daemon
