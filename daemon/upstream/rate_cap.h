#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

namespace waag::daemon {

/// Bytes a second that many transfers may take together. Bytes are counted when they have come, as
/// nobody knows before how many a read brings; what came too much is waited for afterwards, so that
/// the mean holds however many read at once. Thread-safe.
class RateCap {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// @param bytes_a_second  0: no cap
  explicit RateCap(std::uint64_t bytes_a_second = 0) : rate_(bytes_a_second) {}

  /// From now on. What is owed stays owed, unless there is no cap any more.
  void set_rate(std::uint64_t bytes_a_second);
  [[nodiscard]] std::uint64_t rate() const;
  /// Whether bytes may come. Time counts from the first call on.
  [[nodiscard]] bool open(Time now);
  void took(std::uint64_t bytes);

 private:
  mutable std::mutex mutex_;
  std::uint64_t rate_;
  double left_ = 0;            // bytes; less than none: so much is owed
  std::optional<Time> since_;  // when left_ was right
};

}  // namespace waag::daemon
