#include "daemon/upstream/governor.h"

#include <thread>

#include <catch2/catch.hpp>

#include "protocol/hub/dates.h"
#include "tests/support/store_workload.h"

using namespace waag;
using namespace waag::daemon;
using namespace std::chrono_literals;
using enum UpstreamBucket;
using enum UpstreamPriority;
using std::chrono::milliseconds;

namespace {

Headers headers(std::initializer_list<std::pair<std::string, std::string>> fields) {
  Headers made;
  for (const auto& [name, value] : fields) made.add(name, value);
  return made;
}

struct Governed {
  waag::testing::TestClock clock;
  waag::testing::SeededRandom random{3};
  Governor governor{{}, clock, random};

  /// What a call of now would have to wait; the admitted call ends with `status`.
  milliseconds call(unsigned status = 200, const Headers& with = {}, UpstreamBucket bucket = api,
                    UpstreamPriority priority = demand) {
    const auto wait = governor.admit(bucket, priority);
    REQUIRE(wait);
    if (wait->count() == 0) governor.answered(bucket, status, with);
    return *wait;
  }
  bool down() {
    const auto admitted = governor.admit(api, demand);
    if (!admitted) CHECK(admitted.error().code == Errc::upstream_failed);
    if (admitted && admitted->count() == 0) governor.abandoned(api);
    return !admitted;
  }
};

}  // namespace

TEST_CASE("governor: the RateLimit header", "[daemon][upstream]") {
  const auto told =
      parse_rate_limit(headers({{"ratelimit", "\"api\";r=97;t=200, \"pages\";r=0;t=1"},
                                {"RateLimit", "\"resolvers\"; r=5; t=30"}}));
  REQUIRE(told.size() == 3);
  CHECK((told[0].bucket == api && told[0].remaining == 97 && told[0].reset == 200s));
  CHECK((told[1].bucket == pages && told[1].remaining == 0 && told[1].reset == 1s));
  CHECK((told[2].bucket == resolvers && told[2].remaining == 5 && told[2].reset == 30s));
  for (const auto* odd : {"", "api;r=1;t=1", "\"api\"", "\"api\";r=x;t=1", "\"api\";r=-1;t=1",
                          "\"api\";r=1", "\"new\";r=1;t=1", ";;;", "\"api\";r=1;t=1.5"}) {
    CAPTURE(odd);
    CHECK(parse_rate_limit(headers({{"RateLimit", odd}})).empty());
  }
  const auto policy = headers({{"RateLimit-Policy", "\"fixed window\";\"api\";q=500;w=300"}});
  CHECK(parse_rate_quota(policy, api) == 500u);
  CHECK_FALSE(parse_rate_quota(policy, pages));
}

TEST_CASE("governor: Retry-After in seconds and as a date", "[daemon][upstream]") {
  const milliseconds now{1'790'000'000'000};
  const auto date = [&](milliseconds later) { return hub::format_http_date(now + later); };
  CHECK(parse_retry_after(headers({{"Retry-After", "7"}}), now) == 7s);
  CHECK(parse_retry_after(headers({{"Retry-After", date(90s)}}), now) == 90s);
  CHECK(parse_retry_after(headers({{"Retry-After", date(-90s)}}), now) == 0s);
  // Their clock is an hour ahead of ours.
  CHECK(parse_retry_after(headers({{"Retry-After", date(3690s)}, {"Date", date(3600s)}}), now) ==
        90s);
  CHECK_FALSE(parse_retry_after(headers({{"Retry-After", "soon"}}), now));
  CHECK_FALSE(parse_retry_after({}, now));
  CHECK(parse_retry_after(headers({{"Retry-After", "18446744073709551615"}}), now) > 1h);
}

TEST_CASE("governor: a budget is spent, then waited for", "[daemon][upstream]") {
  Governed hub;
  CHECK(hub.call(200, headers({{"RateLimit", "\"api\";r=2;t=100"}})) == 0ms);
  CHECK(hub.call() == 0ms);
  CHECK(hub.call() == 0ms);
  CHECK(hub.call() == 100s);
  CHECK(hub.call(200, {}, resolvers) == 0ms);  // counted apart
  hub.clock.advance(99s);
  CHECK(hub.call() == 1s);
  hub.clock.advance(1s);
  CHECK(hub.call() == 0ms);
  CHECK(hub.call() == 0ms);
}

TEST_CASE("governor: calls under way count against what is told", "[daemon][upstream]") {
  Governed hub;
  REQUIRE(hub.governor.admit(api, demand));
  REQUIRE(hub.governor.admit(api, demand));
  REQUIRE(hub.governor.admit(api, demand));
  hub.governor.answered(api, 200, headers({{"RateLimit", "\"api\";r=3;t=100"}}));
  CHECK(hub.governor.snapshot().buckets[0].remaining == 1u);
  CHECK(hub.call() == 0ms);
  CHECK(hub.call() == 100s);
}

TEST_CASE("governor: jobs leave a rest to demand", "[daemon][upstream]") {
  Governed hub;
  const auto told = headers({{"RateLimit", "\"api\";r=51;t=60"},
                             {"RateLimit-Policy", "\"fixed window\";\"api\";q=500;w=300"}});
  CHECK(hub.call(200, told, api, job) == 0ms);
  CHECK(hub.call(200, {}, api, job) == 0ms);
  CHECK(hub.call(200, {}, api, job) == 60s);
  CHECK(hub.call(200, {}, api, demand) == 0ms);
}

TEST_CASE("governor: 429 stops everybody of the bucket", "[daemon][upstream]") {
  Governed hub;
  CHECK(hub.call(429, headers({{"Retry-After", "30"}})) == 0ms);
  CHECK(hub.call() == 30s);
  CHECK(hub.call(200, {}, resolvers) == 0ms);
  hub.clock.advance(30s);
  CHECK(hub.call(429, headers({{"RateLimit", "\"api\";r=0;t=200"}})) == 0ms);
  CHECK(hub.call() == 200s);
  hub.clock.advance(200s);
  CHECK(hub.call(429, headers({{"Retry-After", "999999"}})) == 0ms);
  CHECK(hub.call() == 1h);  // no more than that
  hub.clock.advance(-10h);  // the clock is set back
  CHECK(hub.call() == 0ms);
}

TEST_CASE("governor: a 429 that names no time is left alone ever longer", "[daemon][upstream]") {
  Governed hub;
  milliseconds last{0};
  for (int i = 0; i < 12; ++i) {
    CHECK(hub.call(429) == 0ms);
    const auto wait = hub.call();
    const auto whole = std::min<milliseconds>(500ms * (1 << i), 60s);
    CHECK(wait >= whole / 2);
    CHECK(wait <= whole);
    hub.clock.advance(wait);
    last = wait;
  }
  CHECK(last >= 30s);
  CHECK(hub.call() == 0ms);
  CHECK(hub.call(429) == 0ms);
  CHECK(hub.call() <= 500ms);
}

TEST_CASE("governor: backoff is drawn by lot within its bounds", "[daemon][upstream]") {
  Governed hub;
  std::size_t different = 0;
  for (int i = 0; i < 50; ++i) {
    const auto wait = hub.governor.backoff(3, 100ms);
    CHECK(wait >= 200ms);
    CHECK(wait <= 400ms);
    different += wait != hub.governor.backoff(3, 100ms) ? 1 : 0;
  }
  CHECK(different > 30);
  CHECK(hub.governor.backoff(4'000'000'000u, 500ms) <= 60s);
}

TEST_CASE("governor: five failures in a row, then nobody calls", "[daemon][upstream]") {
  Governed hub;
  for (int i = 0; i < 4; ++i) hub.call(500);
  CHECK(hub.call(404) == 0ms);  // it lives
  for (int i = 0; i < 4; ++i) hub.call(502);
  CHECK(hub.governor.snapshot().state == Governor::State::closed);
  REQUIRE(hub.governor.admit(api, demand));
  hub.governor.failed(api);
  CHECK(hub.down());
  CHECK(hub.governor.snapshot().state == Governor::State::open);
  CHECK(hub.governor.snapshot().until_probe == 30s);
  CHECK(hub.governor.snapshot().failures == 9);
  CHECK(hub.governor.snapshot().failures_in_a_row == 5);

  hub.clock.advance(30s);
  REQUIRE(hub.governor.admit(api, demand));  // the probe
  CHECK(hub.down());                         // one at a time
  hub.governor.failed(api);
  CHECK(hub.down());
  hub.clock.advance(29s);
  CHECK(hub.down());
  hub.clock.advance(1s);
  CHECK(hub.call(200) == 0ms);
  CHECK(hub.governor.snapshot().state == Governor::State::closed);
  CHECK(hub.governor.snapshot().failures_in_a_row == 0);
  CHECK_FALSE(hub.down());
}

TEST_CASE("governor: calls that fail side by side are one failure", "[daemon][upstream]") {
  Governed hub;
  const auto link_goes = [&hub](int calls) {
    for (int i = 0; i < calls; ++i) REQUIRE(hub.governor.admit(i % 2 == 0 ? api : other, demand));
    for (int i = 0; i < calls; ++i) hub.governor.failed(i % 2 == 0 ? api : other);
  };
  for (unsigned round = 1; round < 5; ++round) {
    link_goes(8);
    CHECK(hub.governor.snapshot().failures_in_a_row == round);
    CHECK(hub.governor.snapshot().failures == 8 * round);
    CHECK(hub.governor.snapshot().state == Governor::State::closed);
  }
  link_goes(8);
  CHECK(hub.down());
}

TEST_CASE("governor: a call that fails later fails by itself", "[daemon][upstream]") {
  Governed hub;
  for (int i = 0; i < 5; ++i) REQUIRE(hub.governor.admit(api, demand));
  for (int i = 0; i < 5; ++i) {
    hub.governor.failed(api);
    hub.clock.advance(1s);
  }
  CHECK(hub.down());
}

TEST_CASE("governor: an upstream that never counts as down", "[daemon][upstream]") {
  Governed hub;
  Governor::Options options;
  options.failures_max = 0;
  Governor governor(options, hub.clock, hub.random);
  for (int i = 0; i < 100; ++i) {
    REQUIRE(governor.admit(api, demand));
    governor.failed(api);
  }
  CHECK(governor.snapshot().state == Governor::State::closed);
}

TEST_CASE("governor: a probe that is never heard of again", "[daemon][upstream]") {
  Governed hub;
  for (int i = 0; i < 5; ++i) hub.call(500);
  hub.clock.advance(30s);
  REQUIRE(hub.governor.admit(api, demand));
  CHECK(hub.down());
  hub.clock.advance(30s);
  REQUIRE(hub.governor.admit(api, demand));
  hub.governor.abandoned(api);
  CHECK(hub.call(200) == 0ms);
}

TEST_CASE("governor: waiting", "[daemon][upstream]") {
  Governed hub;
  const auto soon = [] { return std::chrono::steady_clock::now() + 20s; };
  CHECK(hub.governor.wait(api, demand, soon()));
  hub.governor.answered(api, 429, headers({{"Retry-After", "300"}}));
  const auto late = hub.governor.wait(api, demand, soon());
  REQUIRE_FALSE(late);
  CHECK(late.error().code == Errc::too_many_requests);

  storage::Clock& real = storage::system_clock();
  Governor governor({}, real, hub.random);
  CHECK(governor.wait(api, demand, soon()));
  governor.answered(api, 429, headers({{"Retry-After", "1"}}));
  const auto start = std::chrono::steady_clock::now();
  CHECK(governor.wait(api, demand, soon()));
  CHECK(std::chrono::steady_clock::now() - start > 900ms);
  governor.answered(api, 429, headers({{"Retry-After", "15"}}));
  std::thread closer([&] { governor.close(); });
  const auto ended = governor.wait(api, demand, soon());
  closer.join();
  REQUIRE_FALSE(ended);
  CHECK(ended.error().code == Errc::unavailable);
}

TEST_CASE("governor: what is counted", "[daemon][upstream]") {
  Governed hub;
  hub.call(200, headers({{"RateLimit", "\"resolvers\";r=9;t=60"}}), resolvers);
  hub.call(503, headers({{"Retry-After", "2"}}), resolvers);
  hub.governor.count_bytes(100);
  hub.governor.count_bytes(20);
  const auto seen = hub.governor.snapshot();
  CHECK(seen.calls == 2);
  CHECK(seen.failures == 1);
  CHECK(seen.bytes == 120);
  const auto& bucket = seen.buckets[static_cast<std::size_t>(resolvers)];
  CHECK(bucket.bucket == resolvers);
  CHECK(bucket.calls == 2);
  CHECK(bucket.limited == 1);
  CHECK(bucket.held == 2s);
  CHECK(bucket.remaining == 8u);
  hub.clock.advance(60s);
  CHECK_FALSE(hub.governor.snapshot().buckets[1].remaining);
}
