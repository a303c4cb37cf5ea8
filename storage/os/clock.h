#pragma once

#include <chrono>
#include <cstddef>
#include <span>

namespace waag::storage {

/// Wall-clock time as milliseconds since 1970, injectable.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual std::chrono::milliseconds now() const = 0;
};

/// Randomness for ids and secrets, injectable. The real one is the kernel's.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::byte> out) = 0;
};

Clock& system_clock();
Random& system_random();

}  // namespace waag::storage
