#include <catch2/catch.hpp>

#include "daemon/http/net/stream.h"

namespace waag::daemon {

TEST_CASE("plain_stream: a peer below the floor over a whole window is told from a slow one",
          "[daemon][plain_stream]") {
  Pace pace;
  pace.floor_bytes_per_s = 1024;
  for (int i = 0; i < 29; ++i) CHECK(pace.keeps_up(std::chrono::seconds(1), 1));
  CHECK_FALSE(pace.keeps_up(std::chrono::seconds(1), 1));

  Pace steady;
  steady.floor_bytes_per_s = 1024;
  for (int i = 0; i < 100; ++i) CHECK(steady.keeps_up(std::chrono::seconds(1), 1024));

  Pace none;
  CHECK(none.keeps_up(std::chrono::hours(1), 0));
}

TEST_CASE("plain_stream: time that nobody waited does not count", "[daemon][plain_stream]") {
  Pace pace;
  pace.floor_bytes_per_s = 1024;
  for (int i = 0; i < 1000; ++i) CHECK(pace.keeps_up({}, 1));
}

}  // namespace waag::daemon
