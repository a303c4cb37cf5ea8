#include "daemon/periodic.h"

#include <latch>

#include <catch2/catch.hpp>

using namespace waag::daemon;
using namespace std::chrono_literals;

TEST_CASE("periodic: at once, then again and again", "[daemon][periodic]") {
  std::latch three_calls(3);
  int calls = 0;
  {
    const Periodic periodic(1ms, [&] {
      if (++calls <= 3) three_calls.count_down();
    });
    three_calls.wait();
  }
  CHECK(calls >= 3);
}

TEST_CASE("periodic: its end does not wait for the period", "[daemon][periodic]") {
  std::latch called(1);
  int calls = 0;
  {
    const Periodic periodic(1h, [&] {
      ++calls;
      called.count_down();
    });
    called.wait();
  }
  CHECK(calls == 1);
}
