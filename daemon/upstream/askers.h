#pragma once

#include <stop_token>
#include <vector>

#include "daemon/upstream/throttle.h"

namespace waag::daemon {

/// For whom a file or a history is brought: as fast as the fastest of them lets it come, and until
/// the last of them does not want it any more. Thread-safe.
class Askers {
 public:
  /// @param cap  of a rule; null: somebody waits, and it may come at any speed
  void ask(std::shared_ptr<RateCap> cap);
  /// Takes back one such ask(), if there is one. Who never does has it come to its end.
  void leave(const std::shared_ptr<RateCap>& cap);
  [[nodiscard]] bool any() const;
  /// Of the transfers; one and the same always. As the last one has left it, for they take a moment
  /// to end.
  [[nodiscard]] const std::shared_ptr<Throttle>& throttle() const { return throttle_; }
  /// Stops when the last one has left, and stays so, whoever asks again.
  [[nodiscard]] std::stop_token left() const { return left_.get_token(); }

 private:
  void choose_cap();

  const std::shared_ptr<Throttle> throttle_ = std::make_shared<Throttle>();
  std::stop_source left_;
  mutable std::mutex mutex_;
  std::uint64_t waiting_ = 0;                    // at any speed; readers may be many
  std::vector<std::shared_ptr<RateCap>> rules_;  // one for each job that asks
};

}  // namespace waag::daemon
