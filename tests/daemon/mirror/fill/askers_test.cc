#include "daemon/mirror/fill/askers.h"

#include <catch2/catch.hpp>

using namespace waag::daemon;

TEST_CASE("askers: the fastest rule of those that ask decides", "[daemon][mirror]") {
  Askers askers;
  CHECK_FALSE(askers.any());
  const auto slow = std::make_shared<RateCap>(1'000'000);
  const auto fast = std::make_shared<RateCap>(2'000'000);
  const auto any = std::make_shared<RateCap>(0);
  askers.ask(slow);
  CHECK(askers.any());
  CHECK(askers.throttle()->rate() == 1'000'000);
  askers.ask(fast);
  askers.ask(slow);
  CHECK(askers.throttle()->rate() == 2'000'000);
  askers.ask(any);
  CHECK(askers.throttle()->rate() == 0);
  askers.leave(any);
  askers.leave(fast);
  askers.leave(fast);  // it had asked once
  CHECK(askers.throttle()->rate() == 1'000'000);
  askers.leave(slow);
  CHECK(askers.any());
  askers.leave(slow);
  CHECK_FALSE(askers.any());
}

TEST_CASE("askers: who has waited for the file has it come at full speed", "[daemon][mirror]") {
  Askers askers;
  const auto slow = std::make_shared<RateCap>(1'000'000);
  askers.ask(slow);
  askers.ask(nullptr);
  CHECK(askers.throttle()->rate() == 0);
  askers.ask(slow);
  CHECK(askers.throttle()->rate() == 0);
  askers.leave(slow);
  askers.leave(slow);
  CHECK(askers.any());
}
