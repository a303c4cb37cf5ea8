#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace waag::daemon {

/// How bytes of a file came.
enum class XetRoad : std::uint8_t {
  plain,  // the file's bytes, by HTTP
  xet,    // xorbs, as they travel
  local,  // the file's bytes, from chunks that were here already
};

/// Counts them, for one file and for all. Thread-safe.
class XetTraffic {
 public:
  /// @param all  is told too, and lives longer
  explicit XetTraffic(XetTraffic* all = nullptr) : all_(all) {}
  void count(XetRoad road, std::uint64_t bytes) {
    bytes_[static_cast<std::size_t>(road)] += bytes;
    if (all_ != nullptr) all_->count(road, bytes);
  }
  [[nodiscard]] std::uint64_t bytes(XetRoad road) const {
    return bytes_[static_cast<std::size_t>(road)];
  }

 private:
  XetTraffic* all_;
  std::array<std::atomic<std::uint64_t>, 3> bytes_{};
};

}  // namespace waag::daemon
