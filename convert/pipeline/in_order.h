#pragma once

#include <functional>

#include "protocol/bytes.h"

namespace waag::convert {

/// Work that is done side by side, whose results are taken in order.
struct OrderedWork {
  std::uint64_t count = 0;
  /// Makes the bytes of one piece. Called on any worker; `worker` is below the number of threads
  /// and names one at a time, so that each can keep buffers. `out` comes with what an earlier piece
  /// left.
  std::function<Status(unsigned worker, std::uint64_t index, Bytes& out)> produce;
  /// Takes them, in order, one at a time.
  std::function<Status(std::uint64_t index, ByteView bytes)> consume;
};

/// Pieces that are made or wait to be taken at a time: all others are below or above these.
constexpr unsigned pieces_held_max(unsigned threads) { return 2 * threads; }

/// Runs it on `threads` threads (this one takes; it does not produce).
/// @param threads  at least 1
/// @return the error of the first piece, in order, that failed; nothing behind it was taken. What
/// is thrown in either function is Errc::unavailable
Status run_in_order(unsigned threads, const OrderedWork& work);

}  // namespace waag::convert
