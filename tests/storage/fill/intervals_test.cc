#include "storage/fill/intervals.h"

#include <algorithm>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

namespace waag::storage {

TEST_CASE("intervals: stretches that touch are one", "[storage][intervals]") {
  Intervals there;
  CHECK(there.end_from(0) == 0);
  CHECK(there.last_end() == 0);
  there.add({10, 20});
  there.add({30, 40});
  there.add({5, 5});  // nothing
  CHECK(there.bytes() == 20);
  CHECK(there.end_from(10) == 20);
  CHECK(there.end_from(19) == 20);
  CHECK(there.end_from(20) == 20);
  CHECK(*there.gap(10, 100) == Stretch{20, 30});
  CHECK(*there.gap(0, 15) == Stretch{0, 10});
  CHECK(*there.gap(35, 38 + 10) == Stretch{40, 48});
  CHECK_FALSE(there.gap(12, 20));
  there.add({20, 30});
  CHECK(there.end_from(10) == 40);
  CHECK(there.bytes() == 30);
  CHECK(there.last_end() == 40);
}

TEST_CASE("intervals: as a plain list of bytes would say", "[storage][intervals]") {
  std::mt19937 random(11);
  constexpr std::uint64_t size = 200;
  for (int round = 0; round < 50; ++round) {
    Intervals there;
    std::vector<bool> plain(size, false);
    for (int step = 0; step < 30; ++step) {
      const auto begin = random() % size;
      const auto end = std::min<std::uint64_t>(size, begin + random() % 20);
      there.add({begin, end});
      for (auto i = begin; i < end; ++i) plain[i] = true;
      const std::uint64_t at = random() % size;
      auto end_from = at;
      while (end_from < size && plain[end_from]) ++end_from;
      REQUIRE(there.end_from(at) == end_from);
      const auto gap = there.gap(at, size);
      REQUIRE(gap.has_value() == (end_from < size));
      if (!gap) continue;
      REQUIRE(gap->begin == end_from);
      auto gap_end = end_from;
      while (gap_end < size && !plain[gap_end]) ++gap_end;
      REQUIRE(gap->end == gap_end);
    }
    REQUIRE(there.bytes() ==
            static_cast<std::uint64_t>(std::count(plain.begin(), plain.end(), true)));
  }
}

}  // namespace waag::storage
