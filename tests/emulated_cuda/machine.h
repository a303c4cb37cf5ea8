#pragma once

#include <cstring>
#include <type_traits>

#include "tests/emulated_cuda/ptx.h"

// Runs kernels, a thread after the other between barriers: an order that a device may take.

namespace waag::emulated {

struct Thread {
  enum class State : std::uint8_t { runs, waits, exited };

  std::uint64_t* places = nullptr;
  const std::byte* parameters = nullptr;
  DeviceMemory* global = nullptr;
  SharedMemory* shared = nullptr;
  Visitor visitor;
  unsigned number = 0;  // in its group
  State state = State::runs;
  const Op* next = nullptr;
  std::uint64_t branches_left = 0;

  template <class T>
  T get(std::uint32_t place) const {
    if constexpr (std::is_same_v<T, bool>) return places[place] != 0;
    T value;
    std::memcpy(&value, places + place, sizeof value);
    return value;
  }
  template <class T>
  void set(std::uint32_t place, T value) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    places[place] = bits;
  }
};

/// Which thread of a warp begins, and goes on after each barrier.
enum class Order : std::uint8_t { forwards, backwards, mixed };

struct LaunchOf {
  const Kernel* kernel = nullptr;
  std::uint32_t groups = 1, threads = 1;
  std::vector<std::byte> parameters;
};

/// @param number  of the launch, > 0: another each time
/// @throws Fault  names the thread and the operation
void run(const LaunchOf& launch, std::uint32_t number, Order order, DeviceMemory& global);

}  // namespace waag::emulated
