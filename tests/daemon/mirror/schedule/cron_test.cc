#include "daemon/mirror/schedule/cron.h"

#include <catch2/catch.hpp>

#include "protocol/hub/dates.h"

using namespace waag;
using namespace waag::daemon;

namespace {

storage::TimeMs at(const std::string& text) { return *hub::parse_date(text + "Z"); }

std::string next(const std::string& cron, const std::string& after) {
  const auto parsed = Cron::parse(cron);
  if (!parsed) FAIL(parsed.error().what);
  const auto found = parsed->next(at(after));
  return found ? hub::format_date(*found).substr(0, 16) : "never";
}

}  // namespace

TEST_CASE("cron: the next time", "[daemon][mirror][cron]") {
  // 2026-11-26 is a Thursday.
  CHECK(next("* * * * *", "2026-11-26T10:00:00") == "2026-11-26T10:01");
  CHECK(next("* * * * *", "2026-11-26T10:00:59.999") == "2026-11-26T10:01");
  CHECK(next("30 2 * * *", "2026-11-26T02:29:00") == "2026-11-26T02:30");
  CHECK(next("30 2 * * *", "2026-11-26T02:30:00") == "2026-11-27T02:30");
  CHECK(next("*/15 * * * *", "2026-11-26T10:46:00") == "2026-11-26T11:00");
  CHECK(next("10-30/10 8-9 * * *", "2026-11-26T08:31:00") == "2026-11-26T09:10");
  CHECK(next("0 0,12 * * *", "2026-11-26T12:00:00") == "2026-11-27T00:00");
  CHECK(next("0 0 1 1 *", "2026-11-26T12:00:00") == "2027-01-01T00:00");
  CHECK(next("0 0 * * 0", "2026-11-26T12:00:00") == "2026-11-29T00:00");
  CHECK(next("0 0 * * 7", "2026-11-26T12:00:00") == "2026-11-29T00:00");
  CHECK(next("0 0 * * 1-5", "2026-11-27T12:00:00") == "2026-11-30T00:00");
  CHECK(next("0 0 29 2 *", "2026-11-26T12:00:00") == "2028-02-29T00:00");
  CHECK(next("59 23 31 12 *", "2026-12-31T23:59:00") == "2027-12-31T23:59");
  CHECK(next("  5   4  *  * * ", "2026-11-26T00:00:00") == "2026-11-26T04:05");
}

TEST_CASE("cron: one of two days is enough", "[daemon][mirror][cron]") {
  CHECK(next("0 0 30 * 6", "2026-11-26T12:00:00") == "2026-11-28T00:00");
  CHECK(next("0 0 27 * 6", "2026-11-26T12:00:00") == "2026-11-27T00:00");
}

TEST_CASE("cron: a day that never comes", "[daemon][mirror][cron]") {
  CHECK(next("0 0 30 2 *", "2026-11-26T12:00:00") == "never");
}

TEST_CASE("cron: what is none", "[daemon][mirror][cron]") {
  const auto* text =
      GENERATE("", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *",
               "* * * * 8", "a * * * *", "5-1 * * * *", "*/0 * * * *", "1, * * * *", "5/10 * * * *",
               "-1 * * * *", "1-2-3 * * * *", "* * * jan *", "99999999999 * * * *");
  CAPTURE(text);
  const auto parsed = Cron::parse(text);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == Errc::invalid_argument);
}
