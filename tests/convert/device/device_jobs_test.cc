#include <algorithm>

#include "tests/convert/device/device_job.h"
#include "tests/convert/device/twin_device.h"

namespace waag::convert::testing {
namespace {

using Pace = TwinDevice::Pace;
using Faults = TwinFaults;

/// A twin for a job of `threads` threads.
DeviceUse::Open twin(unsigned threads, Pace pace = Pace::newest_first, const Faults& faults = {}) {
  return [=]() -> Result<std::unique_ptr<TileDevice>> {
    return std::unique_ptr<TileDevice>(
        std::make_unique<TwinDevice>(pieces_held_max(threads), pace, faults));
  };
}

/// Tiles that a twin has been given for its proofs, before those of the job.
std::uint64_t proof_tiles() {
  Progress progress([](std::string_view) {});
  const auto use = DeviceUse::choose(Device::cuda, twin(1), progress);
  REQUIRE(use);
  REQUIRE((*use)->prove(proof_columns));
  std::uint64_t count = 0;
  for (const auto& [name, tiles] : dynamic_cast<TwinDevice*>((*use)->get())->submitted())
    count += tiles;
  return count;
}

bool is_left(const DeviceJob& job, std::string_view ending) {
  return std::ranges::any_of(job.files(),
                             [&](const auto& file) { return file.first.ends_with(ending); });
}

}  // namespace

TEST_CASE("device jobs: whole files are those of the CPU", "[convert][device_job]") {
  check_whole_files(twin(3, Pace::newest_first), 3);
  check_whole_files(twin(1, Pace::at_the_wait), 1);
}

TEST_CASE("device jobs: what has an importance matrix is not left to the CPU",
          "[convert][device_job]") {
  // A bit that the device turns, where no tile is compared, is in the file.
  Faults faults;
  faults.flips_from = proof_tiles();
  for (const std::string type : {"Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "IQ4_NL"}) {
    CAPTURE(type);
    faults.flips_type = type;
    const auto target = "gguf:" + (type == "Q4_K" ? "Q4_K_S" : type);
    DeviceJob plain({target}), job({target});
    REQUIRE(plain.weigh().run());
    REQUIRE(job.weigh().run(twin(2, Pace::newest_first, faults), Device::cuda));
    CHECK(job.files() != plain.files());
  }
}

TEST_CASE("device jobs: a device that fails is done without", "[convert][device_job]") {
  const std::vector<std::string> targets{"gguf:Q8_0", "gguf:F16", "gguf:Q6_K"};
  DeviceJob plain(targets);
  REQUIRE(plain.run());
  const auto before = proof_tiles();
  for (const std::uint64_t at : {0u, 1u, 7u, 30u, 99u, 150u}) {
    Faults no_memory, no_begin, fails;
    no_memory.no_memory_at = no_begin.no_begin_at = fails.fails_at = before + at;
    for (const auto& faults : {no_memory, no_begin, fails}) {
      const auto pace = at % 2 == 0 ? Pace::newest_first : Pace::at_the_wait;
      CAPTURE(at, faults.no_memory_at, faults.no_begin_at, faults.fails_at);
      DeviceJob job(targets);
      const auto done = job.run(twin(2, pace, faults));
      if (!done) FAIL(done.error().what);
      CHECK(job.files() == plain.files());
      REQUIRE(job.devices().size() == 2);  // once, however many tiles it had
      CHECK(job.devices()[0].starts_with("cuda: "));
      CHECK(job.devices()[1].starts_with("cpu: Twin: "));

      DeviceJob strict(targets);
      const auto failed = strict.run(twin(2, pace, faults), Device::cuda);
      REQUIRE_FALSE(failed);
      CHECK(failed.error().code == Errc::unavailable);  // to be tried again
      CHECK(failed.error().what.find("device cuda cannot be used: Twin: ") == 0);
      REQUIRE(strict.run());  // without it, from where that was left
      CHECK(strict.files() == plain.files());
    }
  }
}

TEST_CASE("device jobs: wrong bits end the job, and nothing is gone on with",
          "[convert][device_job]") {
  DeviceJob plain({"gguf:Q8_0"}, 1);
  plain.spec.targets[0].split_bytes = 100'000;
  REQUIRE(plain.run());
  const auto before = proof_tiles();
  std::size_t found = 0;
  for (std::uint64_t at = 0; at < 110; ++at) {
    Faults faults;
    faults.flips_at = before + at;
    DeviceJob job({"gguf:Q8_0"}, 1);
    job.spec.targets = plain.spec.targets;
    const auto done = job.run(twin(1, Pace::at_the_wait, faults));
    CAPTURE(at);
    if (done) {  // one tile in 256 is looked at, and the first of each file
      CHECK(job.files().size() == plain.files().size());
      continue;
    }
    ++found;
    CHECK(done.error().code == Errc::corrupt);
    CHECK(done.error().what.find("Q8_0") != std::string::npos);
    CHECK_FALSE(is_left(job, ".progress"));
    REQUIRE(job.run());
    CHECK(job.files() == plain.files());
  }
  CHECK(found + 1 >= plain.files().size());  // one may hold nothing that a device makes
}

TEST_CASE("device jobs: targets before the wrong one are not trusted either",
          "[convert][device_job]") {
  Faults faults;
  faults.flips_from = proof_tiles();
  for (const auto& [target, type] :
       {std::pair<std::string, std::string>{"gguf:Q6_K", "Q6_K"}, {"safetensors:int8", "int8"}}) {
    CAPTURE(target);
    faults.flips_type = type;
    DeviceJob job({"gguf:Q8_0", target});
    const auto done = job.run(twin(2, Pace::newest_first, faults));
    REQUIRE_FALSE(done);
    CHECK(done.error().code == Errc::corrupt);
    CHECK(is_left(job, "Q8_0.gguf"));
    CHECK_FALSE(is_left(job, ".progress"));
  }
}

}  // namespace waag::convert::testing
