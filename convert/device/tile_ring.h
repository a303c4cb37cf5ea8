#pragma once

#include <functional>
#include <vector>

#include "convert/device/device_use.h"
#include "convert/pipeline/in_order.h"

namespace waag::convert {

/// One in so many tiles of a device is made by the CPU, too, and compared: the first, to begin
/// with.
inline constexpr std::uint64_t checked_every = 256;

/// Makes the tiles of run_in_order on a device, if there is one, and on the CPU: a ring of the
/// device's slots. Workers read values into a slot's memory and submit them; the taker waits for
/// each in order and finds the result there. So the disk, both ways of the bus and the device are
/// busy at the same time, and no more tiles are under way than run_in_order holds.
///
/// A device that fails is given up: what it had not finished, and all that comes, the CPU makes,
/// unless the job wants the device.
class TileRing {
 public:
  /// @param use      outlives the ring; nullptr: the CPU alone
  /// @param threads  of run_in_order; a device has at least pieces_held_max(threads) slots
  TileRing(DeviceUse* use, unsigned threads);
  /// Waits for what the device still does.
  ~TileRing();
  TileRing(const TileRing&) = delete;
  TileRing& operator=(const TileRing&) = delete;

  /// Reads the values of a tile.
  using Read = std::function<Status(std::span<float> values)>;
  /// In OrderedWork::produce. `work.importance` stays good until the tile is taken.
  /// @param bytes  the tile if the CPU made it
  /// @return what `read` or the device said
  Status make(unsigned worker, std::uint64_t index, const TileWork& work, const Read& read,
              Bytes& bytes);

  struct Taken {
    ByteView bytes;  // good until the next tile is taken
    bool is_of_device = false;
  };
  /// In OrderedWork::consume.
  /// @param bytes  as make() left them
  /// @return Errc::corrupt if the device gave other bits than the CPU: nothing that it made is to
  /// be trusted
  Result<Taken> take(std::uint64_t index, ByteView bytes);

 private:
  struct Slot {
    bool is_busy = false;     // the device has its tile
    bool is_checked = false;  // make() left the CPU's bytes
    TileWork work;
    TileMemory memory;
  };

  /// @return false if the device has no memory for it: nothing is read
  Result<bool> submit(unsigned number, const TileWork& work, const Read& read, Bytes& bytes);

  DeviceUse* const use_;
  TileDevice* const device_;
  std::vector<Slot> slots_;                 // of a tile: number = index mod their count
  std::vector<std::vector<float>> values_;  // one a worker
  std::atomic<std::uint64_t> tiles_{0};     // that the device was given
  Bytes made_again_;
};

}  // namespace waag::convert
