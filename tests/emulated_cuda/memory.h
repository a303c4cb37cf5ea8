#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

// The memories of an emulated device. What a device would do anything at, or give another result
// from run to run, is a Fault here.

namespace waag::emulated {

/// What a program for a device must not do.
struct Fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Of a launch's thread, which others it must not meet.
struct Visitor {
  std::uint32_t launch = 0;  // 0: a copy, which nothing runs beside
  std::uint32_t thread = 0;
};

/// Global memory. An address is none of the host's (it is above all of them), and none is given
/// twice, so that memory is not found after its release, nor behind its end.
class DeviceMemory {
 public:
  /// Filled with garbage, and aligned to whatever is asked for.
  std::uint64_t allocate(std::size_t size_bytes);
  /// @return false: it does not begin an allocation that is there
  bool release(std::uint64_t address);
  /// Allocations that were not released.
  [[nodiscard]] std::size_t left() const;

  /// The bytes to read or write, for a thread that nobody else of its launch may meet there.
  /// @throws Fault
  const std::byte* read(std::uint64_t address, std::size_t size_bytes, Visitor visitor);
  std::byte* write(std::uint64_t address, std::size_t size_bytes, Visitor visitor);

 private:
  struct Allocation {
    std::vector<std::byte> bytes;
    std::vector<std::uint64_t> writers;  // of each byte, launch and thread; or nothing
    bool is_there = true;
  };
  Allocation& find(std::uint64_t address, std::size_t size_bytes);

  std::deque<Allocation> allocations_;
};

/// Memory of a group of threads, whose warps come one after the other. A byte that one thread wrote
/// is another's after a barrier of their warp; without one it is a fault, as is a byte that nobody
/// of the group wrote.
class SharedMemory {
 public:
  explicit SharedMemory(std::size_t size_bytes) : bytes_(size_bytes), marks_(size_bytes) {}

  void begin_group() { group_began_ = ++step_; }
  void begin_step() { ++step_; }
  const std::byte* read(std::uint64_t address, std::size_t size_bytes, unsigned thread);
  std::byte* write(std::uint64_t address, std::size_t size_bytes, unsigned thread);

 private:
  struct Mark {
    std::uint32_t written = 0, read = 0;  // steps
    std::uint32_t writer = 0, reader = 0;
  };
  void check_range(std::uint64_t address, std::size_t size_bytes) const;

  std::vector<std::byte> bytes_;
  std::vector<Mark> marks_;
  std::uint32_t step_ = 1, group_began_ = 1;  // marks begin before
};

/// Fills memory with what nobody would take for a result.
void fill_with_garbage(void* bytes, std::size_t size_bytes);

}  // namespace waag::emulated
