#include "daemon/auth/rate_limiter.h"

#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::testing::TestClock;
using namespace std::chrono_literals;

namespace {

Identity named(const std::string& user) {
  Identity who;
  who.user = user;
  return who;
}

struct Limited {
  TestClock clock;
  RateLimiter limiter;
  explicit Limited(unsigned api, unsigned resolvers = 0) : limiter({api, resolvers, 300}, clock) {}
  bool takes(const std::string& address, const std::string& user = "",
             Bucket bucket = Bucket::api) {
    const auto count = limiter.take(bucket, named(user), address);
    REQUIRE(count);
    return count->allowed;
  }
};

}  // namespace

TEST_CASE("rate limiter: a window each, from the first request on", "[daemon][rate_limiter]") {
  Limited hub(2);
  CHECK(hub.takes("10.0.0.1"));
  hub.clock.advance(100s);
  CHECK(hub.takes("10.0.0.1"));
  CHECK_FALSE(hub.takes("10.0.0.1"));
  CHECK(hub.takes("10.0.0.2"));
  hub.clock.advance(199'999ms);
  CHECK_FALSE(hub.takes("10.0.0.1"));
  hub.clock.advance(1ms);
  CHECK(hub.takes("10.0.0.1"));
  hub.clock.advance(-500s);  // set back: nobody waits for the future
  CHECK(hub.takes("10.0.0.2"));
}

TEST_CASE("rate limiter: what the client is told", "[daemon][rate_limiter]") {
  TestClock clock;
  RateLimiter limiter({3, 1, 300}, clock);
  const auto first = limiter.take(Bucket::api, Identity{}, "10.0.0.1");
  CHECK(first->left == 2);
  CHECK(first->reset_s == 300);
  clock.advance(299'001ms);
  CHECK(limiter.take(Bucket::api, Identity{}, "10.0.0.1")->reset_s == 1);
  Response response;
  tell_limit(response, *limiter.take(Bucket::api, Identity{}, "10.0.0.1"));
  CHECK(response.headers.get("RateLimit") == "\"api\";r=0;t=1");
  CHECK(response.headers.get("RateLimit-Policy") == "\"fixed window\";\"api\";q=3;w=300");
  CHECK_FALSE(response.headers.get("Retry-After"));
  tell_limit(response, *limiter.take(Bucket::api, Identity{}, "10.0.0.1"));
  CHECK(response.headers.get("Retry-After") == "1");
}

TEST_CASE("rate limiter: users and addresses, api and files are counted apart",
          "[daemon][rate_limiter]") {
  Limited hub(1, 1);
  CHECK(hub.takes("10.0.0.1"));
  CHECK(hub.takes("10.0.0.1", "ada"));
  CHECK_FALSE(hub.takes("10.0.0.2", "ada"));  // one user from anywhere
  CHECK(hub.takes("ada"));                    // an address that reads like a user
  CHECK(hub.takes("10.0.0.1", "", Bucket::resolvers));
  CHECK_FALSE(hub.takes("10.0.0.1", "", Bucket::resolvers));
  CHECK_FALSE(hub.limiter.take(Bucket::none, Identity{}, "10.0.0.1"));
  Limited open(0, 0);
  CHECK_FALSE(open.limiter.take(Bucket::api, Identity{}, "10.0.0.1"));
  CHECK_FALSE(open.limiter.take(Bucket::resolvers, Identity{}, "10.0.0.1"));
}

TEST_CASE("rate limiter: one host's IPv6 addresses are one caller", "[daemon][rate_limiter]") {
  CHECK(caller_of({}, "2001:db8::1") == caller_of({}, "2001:db8:0:0:ffff::2"));
  CHECK(caller_of({}, "2001:db8::1") != caller_of({}, "2001:db8:0:1::1"));
  CHECK(caller_of({}, "::ffff:10.0.0.1") != caller_of({}, "::ffff:10.0.0.2"));
  CHECK(caller_of(named("ada"), "10.0.0.1") == "ada");
}

TEST_CASE("rate limiter: many callers share what room there is", "[daemon][rate_limiter]") {
  Limited hub(2);
  const auto address = [](std::size_t i) {
    return "10." + std::to_string(i >> 16) + "." + std::to_string(i >> 8 & 255) + "." +
           std::to_string(i & 255);
  };
  for (std::size_t i = 0; i < RateLimiter::callers_max; ++i) REQUIRE(hub.takes(address(i)));
  // No room: newcomers share one count, who was here before keeps the own one; users too.
  CHECK(hub.takes("172.16.0.1"));
  CHECK(hub.takes("172.16.0.2"));
  CHECK_FALSE(hub.takes("172.16.0.3"));
  CHECK(hub.takes(address(7)));
  CHECK(hub.takes("172.16.0.4", "ada"));
  hub.clock.advance(300s);
  CHECK(hub.takes("172.16.0.3"));
  CHECK(hub.takes("172.16.0.3"));
  CHECK_FALSE(hub.takes("172.16.0.3"));
  CHECK(hub.takes("172.16.0.5"));
}

TEST_CASE("rate limiter: which routes it counts", "[daemon][rate_limiter]") {
  for (const Route& route : routes()) {
    CAPTURE(route.name);
    const bool file = route.name.starts_with("resolve") || route.name == "raw" ||
                      route.policy == Policy::xet_token;
    const bool free = route.policy == Policy::none || route.policy == Policy::signed_href;
    CHECK(bucket_of(route) == (free ? Bucket::none : file ? Bucket::resolvers : Bucket::api));
  }
}

TEST_CASE("rate limiter: through the gate", "[daemon][rate_limiter]") {
  HubFixture hub;
  hub.make_repo("tiny");
  CHECK(hub.get("/api/models/ada/tiny").header("RateLimit").empty());  // off by default
  hub.config.rate_limit = {2, 1, 60};
  hub.app->rate_limiter = make_rate_limiter(hub.config, hub.clock);
  const auto path = "/ada/tiny/resolve/main/.gitattributes";
  CHECK(hub.get(path).header("RateLimit") == "\"resolvers\";r=0;t=60");
  const auto late = hub.head(path);
  CHECK(late.status == 429);
  CHECK(late.header("Retry-After") == "60");
  CHECK(late.header("X-Error-Message") == "Too many requests");
  CHECK(hub.get("/healthz").header("RateLimit").empty());
  // Refusals count too, or tokens could be guessed at leisure.
  CHECK(hub.get("/api/whoami-v2", "hf_wrong").status == 401);
  CHECK(hub.get("/api/whoami-v2", "hf_wrong").header("RateLimit") == "\"api\";r=0;t=60");
  CHECK(hub.get("/api/whoami-v2", "hf_wrong").status == 429);
  CHECK(hub.get("/api/whoami-v2", hub.ada).status == 200);
  hub.clock.advance(60s);
  CHECK(hub.head(path).status == 200);
}
