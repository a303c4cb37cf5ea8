#include "daemon/mirror/schedule/time_window.h"

#include <catch2/catch.hpp>

#include "protocol/hub/dates.h"

using namespace waag;
using namespace waag::daemon;

namespace {

bool contains(const std::string& window, const std::string& time) {
  const auto parsed = TimeWindow::parse(window);
  if (!parsed) FAIL(parsed.error().what);
  return parsed->contains(*hub::parse_date("2026-11-26T" + time + "Z"));
}

}  // namespace

TEST_CASE("time window: by day and over midnight", "[daemon][mirror]") {
  CHECK(contains("08:00-18:30", "08:00:00"));
  CHECK(contains("08:00-18:30", "18:29:59"));
  CHECK_FALSE(contains("08:00-18:30", "18:30:00"));
  CHECK_FALSE(contains("08:00-18:30", "07:59:59"));
  CHECK(contains("22:00-06:00", "23:59:59"));
  CHECK(contains("22:00-06:00", "00:00:00"));
  CHECK_FALSE(contains("22:00-06:00", "06:00:00"));
  CHECK_FALSE(contains("22:00-06:00", "12:00:00"));
  CHECK(contains("00:00-24:00", "23:59:59"));
}

TEST_CASE("time window: what is none", "[daemon][mirror]") {
  const auto* text = GENERATE("", "22:00", "22-06", "25:00-06:00", "22:60-06:00", "06:00-06:00",
                              "24:01-06:00", "2:00-06:00", "22:00-06:00x", "22:00 - 06:00");
  CAPTURE(text);
  CHECK_FALSE(TimeWindow::parse(text));
}

TEST_CASE("time window: when it begins and ends next", "[daemon][mirror]") {
  const auto at = [](const std::string& text) { return *hub::parse_date(text); };
  const auto night = *TimeWindow::parse("22:00-06:00");
  CHECK(night.next_begin(at("2026-11-26T12:00:00Z")) == at("2026-11-26T22:00:00Z"));
  CHECK(night.next_begin(at("2026-11-26T22:00:00Z")) == at("2026-11-27T22:00:00Z"));
  CHECK(night.next_end(at("2026-11-26T23:59:59Z")) == at("2026-11-27T06:00:00Z"));
  CHECK(night.next_end(at("2026-11-27T00:00:00Z")) == at("2026-11-27T06:00:00Z"));
  CHECK(night.next_end(at("2026-11-27T06:00:00Z")) == at("2026-11-28T06:00:00Z"));
  const auto late = *TimeWindow::parse("20:00-24:00");
  CHECK(late.next_end(at("2026-11-26T21:00:00Z")) == at("2026-11-27T00:00:00Z"));
}
