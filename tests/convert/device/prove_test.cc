#include "convert/device/prove.h"

#include <set>

#include <catch2/catch.hpp>

#include "tests/convert/device/twin_device.h"

namespace waag::convert::testing {
namespace {

constexpr std::uint64_t proved_elements = 8 << 10;

}  // namespace

TEST_CASE("prove: a device that gives the CPU's bits", "[convert][device][prove]") {
  TwinDevice twin(2);
  const auto proved = prove(twin, proved_elements);
  if (!proved) FAIL(proved.error().what);
  CHECK(twin.submitted().at("Q4_K") == 2);  // with and without importance
  CHECK(twin.submitted().at("Q4_0") == 2);
  CHECK(twin.submitted().at("Q5_1") == 2);
  CHECK(twin.submitted().at("Q8_0") == 2);  // ignores it
  CHECK(twin.submitted().at("F16") == 2);
  CHECK(twin.submitted().at("BF16") == 2);
  CHECK_FALSE(twin.submitted().contains("F32"));
}

TEST_CASE("prove: one wrong bit of any type is found, and the type named",
          "[convert][device][prove]") {
  TwinDevice good(1);
  REQUIRE(prove(good, 1));
  for (const auto& [type, tiles] : good.submitted()) {
    TwinFaults faults;
    faults.flips_from = 0;
    faults.flips_type = type;
    TwinDevice twin(1, TwinDevice::Pace::at_the_wait, faults);
    const auto proved = prove(twin, 1);
    CAPTURE(type);
    REQUIRE_FALSE(proved);
    CHECK(proved.error().code == Errc::corrupt);
    CHECK(proved.error().what.find("Twin gave other bits than the CPU for " + type + ",") == 0);
  }
}

TEST_CASE("prove: a device that fails", "[convert][device][prove]") {
  for (const bool begins : {false, true}) {
    TwinFaults faults;
    (begins ? faults.fails_at : faults.no_begin_at) = 3;
    TwinDevice twin(2, TwinDevice::Pace::newest_first, faults);
    const auto proved = prove(twin, proved_elements);
    REQUIRE_FALSE(proved);
    CHECK(proved.error().code == Errc::unavailable);
  }
}

TEST_CASE("prove: the list of work has every type and format", "[convert][device][prove]") {
  std::set<std::string> names;
  for (const auto& work : all_tile_work(1, {})) {
    names.insert(name_of(work));
    CHECK(work.code_bytes > 0);
  }
  CHECK(names.size() == 16 + 5);
}

}  // namespace waag::convert::testing
