#include "daemon/upstream/rate_cap.h"

#include <catch2/catch.hpp>

#include "daemon/upstream/throttle.h"

using namespace waag::daemon;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t rate = 1'000'000;

/// What comes of transfers that take `read` bytes whenever they may, looked at every 10 ms.
std::uint64_t came(RateCap& cap, std::chrono::milliseconds time, std::uint64_t read,
                   unsigned transfers = 1) {
  std::uint64_t bytes = 0;
  RateCap::Time now{};
  for (auto passed = 0ms; passed <= time; passed += 10ms) {
    if (!cap.open(now + passed)) continue;
    for (unsigned i = 0; i < transfers; ++i) {
      cap.took(read);
      bytes += read;
    }
  }
  return bytes;
}

}  // namespace

TEST_CASE("rate_cap: the mean holds, however much is read at once", "[daemon][upstream]") {
  const std::uint64_t read = GENERATE(1'000, 16'384, 700'000);
  const unsigned transfers = GENERATE(1, 16);
  CAPTURE(read, transfers);
  RateCap cap(rate);
  const auto bytes = came(cap, 60'000ms, read, transfers);
  CHECK(bytes <= 60 * rate + read * transfers);
  if (read * transfers >= 16'384) CHECK(bytes > 59 * rate);  // 10 ms are 10,000 bytes
}

TEST_CASE("rate_cap: what came too much is waited for", "[daemon][upstream]") {
  RateCap cap(rate);
  const RateCap::Time start{};
  CHECK_FALSE(cap.open(start));
  CHECK(cap.open(start + 1ms));
  cap.took(501'000);
  CHECK_FALSE(cap.open(start + 500ms));
  CHECK_FALSE(cap.open(start + 400ms));  // an older time changes nothing
  CHECK(cap.open(start + 502ms));
}

TEST_CASE("rate_cap: a pause does not end in a flood", "[daemon][upstream]") {
  RateCap cap(rate);
  const RateCap::Time start{};
  CHECK_FALSE(cap.open(start));
  REQUIRE(cap.open(start + 1h));
  cap.took(200'000);
  CHECK_FALSE(cap.open(start + 1h));
}

TEST_CASE("rate_cap: another rate, and none", "[daemon][upstream]") {
  RateCap cap;
  const RateCap::Time start{};
  CHECK(cap.rate() == 0);
  CHECK(cap.open(start));
  cap.took(1ull << 40);
  CHECK(cap.open(start));
  cap.set_rate(rate);
  CHECK(cap.rate() == rate);
  CHECK_FALSE(cap.open(start + 1s));
  REQUIRE(cap.open(start + 1s + 10ms));
  cap.took(1'010'000);
  cap.set_rate(10 * rate);  // what is owed is paid faster
  CHECK_FALSE(cap.open(start + 2s));
  CHECK_FALSE(cap.open(start + 2s + 50ms));
  CHECK(cap.open(start + 2s + 150ms));
  cap.took(5'000'000);
  cap.set_rate(0);
  CHECK(cap.open(start + 3s));
}

TEST_CASE("throttle: a cap that may be taken away", "[daemon][upstream]") {
  const auto cap = std::make_shared<RateCap>(rate);
  Throttle throttle;
  CHECK(throttle.rate() == 0);
  CHECK(throttle.open({}));
  throttle.set(cap);
  CHECK(throttle.rate() == rate);
  CHECK_FALSE(throttle.open({}));
  throttle.took(500'000);
  CHECK_FALSE(cap->open(RateCap::Time{} + 400ms));
  throttle.set(nullptr);
  CHECK(throttle.open({}));
}
