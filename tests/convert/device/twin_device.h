#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "convert/device/tile_device.h"
#include "convert/gpu/block_kernels.h"
#include "convert/gpu/iq4_block.h"
#include "convert/gpu/k_min_block.h"
#include "convert/gpu/k_signed_block.h"
#include "convert/gpu/legacy_block.h"
#include "convert/gpu/linear_units.h"

namespace waag::convert::testing {

/// What goes wrong. Tiles are counted from 0 in the order of their submission.
struct TwinFaults {
  static constexpr std::uint64_t never = ~std::uint64_t{0};
  std::uint64_t no_memory_at = never;  // memory() fails, from its n-th call on
  std::uint64_t no_begin_at = never;   // submit() fails, and all waits after it
  std::uint64_t fails_at = never;      // wait() for that tile fails, and all after it
  std::uint64_t flips_at = never;      // that tile has a wrong bit
  std::uint64_t flips_from = never;    // all tiles from there on have one, if they are of
  std::string flips_type;              // that type
};

/// A device whose kernels run on the host: all of the way that tiles take but for the calls of
/// CUDA. Like one, it works on copies, begins late, and is done in another order than it was asked.
class TwinDevice final : public TileDevice {
 public:
  /// When the work is done that was submitted.
  enum class Pace {
    newest_first,  // by a thread of the device's own
    at_the_wait,   // by whoever waits: slower than any reader
  };

  explicit TwinDevice(unsigned slots, Pace pace = Pace::newest_first,
                      const TwinFaults& faults = {});
  ~TwinDevice() override;

  std::string name() const override { return "Twin"; }
  unsigned slots() const override { return static_cast<unsigned>(slots_.size()); }
  std::uint64_t tile_values() const override { return 4 << 10; }
  bool takes(const TileWork& work) const override;
  Result<TileMemory> memory(unsigned slot, const TileWork& work) override;
  Status submit(unsigned slot, const TileWork& work) override;
  Status wait(unsigned slot) override;

  /// Tiles that were submitted, by name_of() them.
  [[nodiscard]] std::map<std::string, std::uint64_t> submitted() const;
  [[nodiscard]] std::uint64_t most_at_once() const;

 private:
  struct Slot {
    std::vector<float> values, importance;
    Bytes out;
    TileWork work;
    std::uint64_t number = 0;
    bool is_waiting = false;  // submitted, not begun
    bool is_busy = false;     // submitted, not waited for
  };

  void work_on();
  void run(Slot& slot);

  const Pace pace_;
  const TwinFaults faults_;
  std::vector<Slot> slots_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<unsigned> queue_;
  std::map<std::string, std::uint64_t> submitted_;
  std::uint64_t asked_ = 0, count_ = 0, at_once_ = 0, most_at_once_ = 0;
  bool is_stopped_ = false, is_broken_ = false;
  std::thread thread_;
};

}  // namespace waag::convert::testing
