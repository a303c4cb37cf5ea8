#pragma once

#include <stop_token>
#include <vector>

#include "daemon/upstream/throttle.h"

namespace waag::daemon {

/// For whom a history is brought: as fast as the fastest of them lets it come, and until the last
/// of them does not want it any more. Thread-safe.
class HistoryAskers {
 public:
  /// @param cap  of a rule; null: somebody waits for the history, which may come at any speed
  void ask(std::shared_ptr<RateCap> cap);
  /// Takes back one such ask().
  void leave(const std::shared_ptr<RateCap>& cap);
  /// Of the transfer; one and the same always.
  [[nodiscard]] const std::shared_ptr<Throttle>& throttle() const { return throttle_; }
  /// Stops when the last one has left.
  [[nodiscard]] std::stop_token left() const { return left_.get_token(); }

 private:
  void choose_cap();

  const std::shared_ptr<Throttle> throttle_ = std::make_shared<Throttle>();
  std::stop_source left_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<RateCap>> caps_;
};

}  // namespace waag::daemon
