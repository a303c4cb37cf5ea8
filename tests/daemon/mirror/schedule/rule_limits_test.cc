#include "daemon/mirror/schedule/rule_limits.h"

#include <catch2/catch.hpp>

#include "protocol/hub/dates.h"

using namespace waag;
using namespace waag::daemon;

TEST_CASE("rule limits: they change with the rule, for those who have them", "[daemon][mirror]") {
  const auto at = [](const std::string& text) { return *hub::parse_date(text); };
  RuleLimits limits;
  const auto cap = limits.cap();
  CHECK_FALSE(limits.closed_until(at("2026-11-26T12:00:00Z")));
  MirrorRule rule;
  rule.window = "22:00-06:00";
  rule.rate_bytes = 5'000'000;
  limits.set(rule);
  CHECK(cap->rate() == 5'000'000);
  CHECK(limits.closed_until(at("2026-11-26T12:00:00Z")) == at("2026-11-26T22:00:00Z"));
  CHECK_FALSE(limits.closed_until(at("2026-11-26T22:00:00Z")));
  CHECK_FALSE(limits.closed_until(at("2026-11-27T05:59:59Z")));
  CHECK(limits.closed_until(at("2026-11-27T06:00:00Z")) == at("2026-11-27T22:00:00Z"));
  CHECK(limits.window_text() == "22:00-06:00 UTC");
  limits.set({});
  CHECK(limits.cap() == cap);
  CHECK(cap->rate() == 0);
  CHECK_FALSE(limits.closed_until(at("2026-11-26T12:00:00Z")));
  CHECK(limits.window_text().empty());
}
