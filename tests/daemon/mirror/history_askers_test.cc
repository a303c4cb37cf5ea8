#include "daemon/mirror/history_askers.h"

#include <catch2/catch.hpp>

using namespace waag::daemon;

TEST_CASE("history_askers: the fastest decides", "[daemon][mirror]") {
  const auto slow = std::make_shared<RateCap>(10'000), fast = std::make_shared<RateCap>(20'000);
  HistoryAskers askers;
  askers.ask(slow);
  CHECK(askers.throttle()->rate() == 10'000);
  askers.ask(fast);
  CHECK(askers.throttle()->rate() == 20'000);
  askers.ask(nullptr);  // somebody waits
  CHECK(askers.throttle()->rate() == 0);
  askers.leave(nullptr);
  CHECK(askers.throttle()->rate() == 20'000);
  askers.leave(fast);
  CHECK(askers.throttle()->rate() == 10'000);
  CHECK_FALSE(askers.left().stop_requested());
}

TEST_CASE("history_askers: a rule without a rate is as fast as anybody", "[daemon][mirror]") {
  HistoryAskers askers;
  askers.ask(std::make_shared<RateCap>(10'000));
  askers.ask(std::make_shared<RateCap>(0));
  CHECK(askers.throttle()->rate() == 0);
}

TEST_CASE("history_askers: it is over when the last one has left", "[daemon][mirror]") {
  const auto cap = std::make_shared<RateCap>(10'000);
  HistoryAskers askers;
  const auto left = askers.left();
  askers.ask(cap);
  askers.ask(cap);  // two jobs of one rule
  askers.ask(nullptr);
  askers.leave(cap);
  askers.leave(nullptr);
  CHECK_FALSE(left.stop_requested());
  askers.leave(cap);
  CHECK(left.stop_requested());
}
