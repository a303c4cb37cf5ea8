#include "storage/os/clock.h"

#include <algorithm>
#include <array>

#include <catch2/catch.hpp>

using namespace waag::storage;

TEST_CASE("clock: wall clock in milliseconds since 1970", "[storage][clock]") {
  const auto first = system_clock().now();
  CHECK(first > std::chrono::hours(24) * 365 * 50);
  CHECK(first < std::chrono::hours(24) * 365 * 300);
}

TEST_CASE("clock: randomness fills every byte and does not repeat", "[storage][clock]") {
  std::array<std::byte, 4096> first{};
  std::array<std::byte, 4096> second{};
  system_random().fill(first);
  system_random().fill(second);
  CHECK(first != second);
  // 64 zero bytes in a row at the end would mean a part that was not filled.
  CHECK_FALSE(std::all_of(first.end() - 64, first.end(), [](auto b) { return b == std::byte{0}; }));
}
