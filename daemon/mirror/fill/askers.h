#pragma once

#include <vector>

#include "daemon/upstream/throttle.h"

namespace waag::daemon {

/// For whom a file is brought, and how fast that lets it come: at full speed from when somebody has
/// once waited for it, else as the fastest of the rules allows that ask for it. Thread-safe.
class Askers {
 public:
  /// @param cap  of a rule, which later calls leave(); null: somebody waits for the file
  void ask(std::shared_ptr<RateCap> cap);
  /// Takes back one ask() of that rule.
  void leave(const std::shared_ptr<RateCap>& cap);
  [[nodiscard]] bool any() const;
  /// Of the file's transfers; one and the same always.
  [[nodiscard]] const std::shared_ptr<Throttle>& throttle() const { return throttle_; }

 private:
  void choose_cap();

  const std::shared_ptr<Throttle> throttle_ = std::make_shared<Throttle>();
  mutable std::mutex mutex_;
  bool waited_for_ = false;
  std::vector<std::shared_ptr<RateCap>> rules_;
};

}  // namespace waag::daemon
