#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "convert/device/prove.h"
#include "convert/job_spec.h"
#include "convert/progress.h"

namespace waag::convert {

/// The device of a job, as long as it can be used; Progress hears of every change. get() and
/// give_up() may be called from any thread.
class DeviceUse {
 public:
  using Open = std::function<Result<std::unique_ptr<TileDevice>>()>;

  /// Opens a device, or not, as the job wants, and has it prove itself on a few values, so that all
  /// that its driver loads is loaded.
  /// @param open      called unless `wanted` is the CPU
  /// @param progress  outlives it
  /// @return Errc::unprocessable with the reason if the job wants a device and there is none that
  /// can be used. The job that wants any gets the CPU then
  static Result<std::unique_ptr<DeviceUse>> choose(Device wanted, const Open& open,
                                                   Progress& progress);

  /// Has the device, if there is one, prove itself on a sample of so many values of each kind
  /// (prove.h). The errors are those of choose().
  Status prove(std::uint64_t elements = proof_elements);

  /// nullptr: the CPU does it.
  [[nodiscard]] TileDevice* get() const {
    return is_lost_.load(std::memory_order_acquire) ? nullptr : device_.get();
  }
  /// The device has failed with `error`. If the job can do without, it does from now on.
  /// @return Errc::unavailable if it cannot
  Status give_up(const Error& error);

 private:
  DeviceUse(Device wanted, Progress& progress) : wanted_(wanted), progress_(progress) {}

  const Device wanted_;
  Progress& progress_;
  std::unique_ptr<TileDevice> device_;
  std::atomic<bool> is_lost_{false};
};

}  // namespace waag::convert
