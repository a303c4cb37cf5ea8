#include "daemon/mirror/fill/stretch_plan.h"

#include <catch2/catch.hpp>

namespace waag::daemon {
namespace {

constexpr std::uint64_t mib = 1u << 20;
constexpr std::uint64_t size_bytes = 100 * mib;
constexpr std::uint64_t part = 32 * mib;

std::optional<NextStretch> next(const storage::Intervals& there, std::vector<ActiveStretch> active,
                                std::vector<Stretch> wanted = {}) {
  const auto gap = [&there](std::uint64_t at, std::uint64_t end) { return there.gap(at, end); };
  return next_stretch(gap, active, wanted, size_bytes, part);
}

}  // namespace

TEST_CASE("stretch_plan: the front first, then what no transfer brings", "[daemon][stretch_plan]") {
  storage::Intervals there;
  auto first = next(there, {});
  REQUIRE(first);
  CHECK(first->stretch == Stretch{0, part});
  auto second = next(there, {{mib, part, 5 * mib}});
  there.add({0, mib});
  second = next(there, {{mib, part, 5 * mib}});
  REQUIRE(second);
  CHECK(second->stretch == Stretch{part, 2 * part});
  CHECK_FALSE(second->shortened);
  // Up to what another one brings.
  const auto between = next(there, {{mib, part, 5 * mib}, {40 * mib, 60 * mib, 60 * mib}});
  REQUIRE(between);
  CHECK(between->stretch == Stretch{part, 40 * mib});
  there.add({part, size_bytes});
  CHECK_FALSE(next(there, {{mib, part, 5 * mib}}));
  there.add({0, size_bytes});
  CHECK_FALSE(next(there, {}));
}

TEST_CASE("stretch_plan: what readers want goes before", "[daemon][stretch_plan]") {
  storage::Intervals there;
  there.add({0, mib});
  const auto far = next(there, {{mib, part, 5 * mib}}, {{90 * mib, 90 * mib + 10}});
  REQUIRE(far);
  CHECK(far->stretch == Stretch{90 * mib, 90 * mib + 10});
  CHECK_FALSE(far->shortened);
  // One that a transfer will soon reach waits for it.
  const auto soon = next(there, {{mib, part, 5 * mib}}, {{3 * mib, 4 * mib}});
  REQUIRE(soon);
  CHECK(soon->stretch.begin == part);
  // So does one just ahead of a transfer that stands still.
  const auto near = next(there, {{mib, part, mib}}, {{2 * mib, 4 * mib}});
  REQUIRE(near);
  CHECK(near->stretch.begin == part);
  // One that it reaches late does not: the transfer ends there.
  const auto late = next(there, {{mib, part, 5 * mib}}, {{20 * mib, 21 * mib}});
  REQUIRE(late);
  CHECK(late->stretch == Stretch{20 * mib, part});
  REQUIRE(late->shortened);
  CHECK(*late->shortened == 0);
  // What is there, or on its way at the wanted place, is not fetched again.
  const auto there_already = next(there, {{mib, part, 5 * mib}}, {{0, 10}, {mib, mib + 5}});
  REQUIRE(there_already);
  CHECK(there_already->stretch.begin == part);
  // A long wish is met in parts.
  const auto whole = next(there, {}, {{mib, size_bytes}});
  REQUIRE(whole);
  CHECK(whole->stretch == Stretch{mib, mib + part});
}

}  // namespace waag::daemon
