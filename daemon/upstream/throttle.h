#pragma once

#include <memory>
#include <mutex>

#include "daemon/upstream/rate_cap.h"

namespace waag::daemon {

/// The cap that the transfers of one file keep to at the moment: it is taken from them, while they
/// run, when somebody comes who waits for the file. Thread-safe.
class Throttle {
 public:
  /// @param cap  null: none
  void set(std::shared_ptr<RateCap> cap) {
    const std::scoped_lock lock(mutex_);
    cap_ = std::move(cap);
  }
  /// Bytes a second, for all who share the cap; 0: any number
  [[nodiscard]] std::uint64_t rate() const {
    const auto cap = this->cap();
    return cap ? cap->rate() : 0;
  }
  [[nodiscard]] bool open(RateCap::Time now) const {
    const auto cap = this->cap();
    return !cap || cap->open(now);
  }
  void took(std::uint64_t bytes) const {
    if (const auto cap = this->cap()) cap->took(bytes);
  }

 private:
  [[nodiscard]] std::shared_ptr<RateCap> cap() const {
    const std::scoped_lock lock(mutex_);
    return cap_;
  }

  mutable std::mutex mutex_;
  std::shared_ptr<RateCap> cap_;
};

}  // namespace waag::daemon
