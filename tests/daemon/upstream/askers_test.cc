#include "daemon/upstream/askers.h"

#include <catch2/catch.hpp>

using namespace waag::daemon;

namespace {

auto cap_of(std::uint64_t rate) { return std::make_shared<RateCap>(rate); }

}  // namespace

TEST_CASE("askers: the fastest of those that ask decides", "[daemon][mirror]") {
  const auto slow = cap_of(1'000'000), fast = cap_of(2'000'000);
  Askers askers;
  askers.ask(slow);
  CHECK(askers.throttle()->rate() == 1'000'000);
  askers.ask(fast);
  askers.ask(slow);
  CHECK(askers.throttle()->rate() == 2'000'000);
  askers.leave(fast);
  askers.leave(fast);  // it had asked once
  CHECK(askers.throttle()->rate() == 1'000'000);
}

TEST_CASE("askers: a rule without a rate is as fast as anybody", "[daemon][mirror]") {
  const auto slow = cap_of(1'000'000), any = cap_of(0);
  Askers askers;
  askers.ask(slow);
  askers.ask(any);
  CHECK(askers.throttle()->rate() == 0);
  askers.leave(any);
  CHECK(askers.throttle()->rate() == 1'000'000);
}

TEST_CASE("askers: at full speed as long as somebody waits", "[daemon][mirror]") {
  const auto slow = cap_of(1'000'000);
  Askers askers;
  askers.ask(slow);
  askers.ask(nullptr);
  askers.ask(nullptr);
  CHECK(askers.throttle()->rate() == 0);
  askers.ask(slow);
  CHECK(askers.throttle()->rate() == 0);
  askers.leave(nullptr);
  CHECK(askers.throttle()->rate() == 0);
  askers.leave(nullptr);
  CHECK(askers.throttle()->rate() == 1'000'000);
}

TEST_CASE("askers: it is wanted until the last one has left", "[daemon][mirror]") {
  const auto slow = cap_of(1'000'000);
  Askers askers;
  const auto left = askers.left();
  CHECK_FALSE(askers.any());
  askers.leave(slow);     // it had not asked
  askers.leave(nullptr);  // nor had this one
  CHECK_FALSE(left.stop_requested());
  askers.ask(slow);
  askers.ask(slow);  // two jobs of one rule
  askers.ask(nullptr);
  askers.leave(slow);
  askers.leave(nullptr);
  CHECK(askers.any());
  CHECK_FALSE(left.stop_requested());
  askers.leave(slow);
  CHECK_FALSE(askers.any());
  CHECK(left.stop_requested());
}

TEST_CASE("askers: what nobody wants any more does not come faster in its last moment",
          "[daemon][mirror]") {
  const auto slow = cap_of(1'000'000);
  Askers askers;
  askers.ask(slow);
  askers.leave(slow);
  CHECK(askers.throttle()->rate() == 1'000'000);
  askers.ask(nullptr);
  CHECK(askers.throttle()->rate() == 0);
}

TEST_CASE("askers: who never leaves has it come to its end", "[daemon][mirror]") {
  const auto slow = cap_of(1'000'000);
  Askers askers;
  askers.ask(slow);
  askers.ask(nullptr);
  askers.leave(slow);
  askers.leave(slow);
  CHECK(askers.any());
  CHECK(askers.throttle()->rate() == 0);
}
