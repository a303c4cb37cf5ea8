#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace waag::daemon {

/// Calls `work` at once and then every `period` on a thread of its own until destroyed, which waits
/// for the call that runs. `work` may block; it must not throw.
class Periodic {
 public:
  Periodic(std::chrono::steady_clock::duration period, std::function<void()> work);

 private:
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;  // last: it is stopped and joined before the others go
};

}  // namespace waag::daemon
