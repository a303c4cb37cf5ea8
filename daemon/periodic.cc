#include "daemon/periodic.h"

namespace waag::daemon {

Periodic::Periodic(std::chrono::steady_clock::duration period, std::function<void()> work)
    : thread_([this, period, work = std::move(work)](const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        while (!stop.stop_requested()) {
          work();
          stopped_.wait_for(lock, stop, period, [] { return false; });
        }
      }) {}

}  // namespace waag::daemon
