#include "convert/device/device_use.h"

#include <catch2/catch.hpp>

#include "tests/convert/device/twin_device.h"

namespace waag::convert::testing {
namespace {

using Faults = TwinFaults;

DeviceUse::Open twin(const Faults& faults = {}) {
  return [=]() -> Result<std::unique_ptr<TileDevice>> {
    return std::unique_ptr<TileDevice>(
        std::make_unique<TwinDevice>(2, TwinDevice::Pace::newest_first, faults));
  };
}

Result<std::unique_ptr<TileDevice>> nothing() { return fail(Errc::unavailable, "no device here"); }

struct Said {
  std::string lines;
  Progress progress{[this](std::string_view line) { lines += line; }};
  [[nodiscard]] bool has(std::string_view text) const {
    return lines.find(text) != std::string::npos;
  }
};

}  // namespace

TEST_CASE("device_use: the CPU is not asked for", "[convert][device][device_use]") {
  Said said;
  const auto open = []() -> Result<std::unique_ptr<TileDevice>> {
    FAIL("opened");
    return nothing();
  };
  const auto use = DeviceUse::choose(Device::cpu, open, said.progress);
  REQUIRE(use);
  CHECK((*use)->get() == nullptr);
  CHECK((*use)->prove());
  CHECK(said.lines == R"({"event":"device","device":"cpu","message":"as the job says"})"
                      "\n");
}

TEST_CASE("device_use: there is none", "[convert][device][device_use]") {
  Said said;
  const auto use = DeviceUse::choose(Device::automatic, nothing, said.progress);
  REQUIRE(use);
  CHECK((*use)->get() == nullptr);
  CHECK((*use)->prove());
  CHECK(said.lines == R"({"event":"device","device":"cpu","message":"no device here"})"
                      "\n");

  const auto wanted = DeviceUse::choose(Device::cuda, nothing, said.progress);
  REQUIRE_FALSE(wanted);
  CHECK(wanted.error().code == Errc::unprocessable);
  CHECK(wanted.error().what == "device cuda cannot be used: no device here");
}

TEST_CASE("device_use: one that proves itself", "[convert][device][device_use]") {
  for (const auto wanted : {Device::automatic, Device::cuda}) {
    Said said;
    const auto use = DeviceUse::choose(wanted, twin(), said.progress);
    REQUIRE(use);
    CHECK(said.lines.empty());
    REQUIRE((*use)->prove());
    CHECK((*use)->get() != nullptr);
    CHECK(said.has(R"("device":"cuda","name":"Twin")"));
  }
}

TEST_CASE("device_use: one that gives wrong bits", "[convert][device][device_use]") {
  Faults at_once, later;
  at_once.flips_from = 0;
  later.flips_from = 20;  // behind the few values that it is opened with
  at_once.flips_type = later.flips_type = "Q5_K";
  Said none;
  const auto good = DeviceUse::choose(Device::cuda, twin(), none.progress);
  REQUIRE(good);
  const auto first = dynamic_cast<TwinDevice*>((*good)->get())->submitted();
  later.flips_from = 0;
  for (const auto& [type, tiles] : first) later.flips_from += tiles;
  for (const auto& faults : {at_once, later}) {
    Said said;
    const auto use = DeviceUse::choose(Device::automatic, twin(faults), said.progress);
    REQUIRE(use);
    REQUIRE((*use)->prove());
    CHECK((*use)->get() == nullptr);
    CHECK(said.has(R"("device":"cpu","name":"Twin","message":"Twin gave other bits than the CPU )"
                   R"(for Q5_K)"));
    CHECK_FALSE(said.has("cuda"));

    const auto wanted = DeviceUse::choose(Device::cuda, twin(faults), said.progress);
    const auto status = wanted ? (*wanted)->prove() : Status(wanted.error());
    REQUIRE_FALSE(status);
    CHECK(status.error().code == Errc::unprocessable);
    CHECK(status.error().what.find("for Q5_K") != std::string::npos);
  }
}

TEST_CASE("device_use: given up once", "[convert][device][device_use]") {
  Said said;
  const auto use = DeviceUse::choose(Device::automatic, twin(), said.progress);
  REQUIRE(use);
  for (int i = 0; i < 3; ++i) CHECK((*use)->give_up(fail(Errc::unavailable, "it fell off")));
  CHECK((*use)->get() == nullptr);
  CHECK(said.lines.find("it fell off") == said.lines.rfind("it fell off"));

  const auto wanted = DeviceUse::choose(Device::cuda, twin(), said.progress);
  REQUIRE(wanted);
  const auto lost = (*wanted)->give_up(fail(Errc::unavailable, "it fell off"));
  REQUIRE_FALSE(lost);
  CHECK(lost.error().code == Errc::unavailable);
}

}  // namespace waag::convert::testing
