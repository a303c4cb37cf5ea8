#include "daemon/upstream/history/history.h"

#include <catch2/catch.hpp>

#include "tests/daemon/upstream/client_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::failed;

// fetch_history() itself: git_client_test.cc, raw_client_test.cc.

TEST_CASE("history: where the rest is asked for", "[daemon][upstream]") {
  const std::string base = "https://up.test:8443/acme/old";
  const auto followed = [&](std::string_view answered) {
    return followed_base(base, "/refs?x=1", answered);
  };
  CHECK(*followed("https://up.test:8443/acme/old/refs?x=1") == base);
  CHECK(*followed("https://up.test:8443/acme/new/refs?x=1") == "https://up.test:8443/acme/new");
  // What is no answer to this question says nothing.
  CHECK(*followed("") == base);
  CHECK(*followed("https://up.test:8443/login") == base);
  for (const auto* other :
       {"https://up.test/acme/old/refs?x=1", "http://up.test:8443/acme/old/refs?x=1",
        "https://up.test:8443.evil/acme/old/refs?x=1", "https://evil/acme/old/refs?x=1"})
    CHECK(failed(followed(other), Errc::upstream_failed));
}

TEST_CASE("history: the time that is left", "[daemon][upstream]") {
  const auto now = std::chrono::steady_clock::now();
  const auto left = time_until(now + std::chrono::seconds(60));
  REQUIRE(left);
  CHECK(*left <= std::chrono::seconds(60));
  CHECK(*left > std::chrono::seconds(30));
  CHECK(failed(time_until(now), Errc::deadline_exceeded));
}

TEST_CASE("history: a rate gives a pack more time", "[daemon][upstream]") {
  const auto now = std::chrono::steady_clock::now();
  const auto throttle = std::make_shared<Throttle>();
  HistorySource::Until until{now + std::chrono::seconds(60)};
  CHECK(for_pack(until).deadline == until.deadline);
  until.throttle = throttle;
  CHECK(for_pack(until).deadline == until.deadline);
  throttle->set(std::make_shared<RateCap>(10'000));
  CHECK(for_pack(until).deadline >= now + std::chrono::hours(24));
}
