// convert/gpu/ on the emulated device: its host objects and the PTX that nvcc made of its kernels.
#include <catch2/catch.hpp>

#include "convert/device/prove.h"
#include "convert/gpu/gpu.h"
#include "tests/convert/device/device_job.h"
#include "tests/convert/gpu/weighed_tiles.h"
#include "tests/emulated_cuda/emulated_cuda.h"

namespace waag::emulated {
namespace {

using namespace waag::convert;
using namespace waag::convert::testing;

/// Of each of the kinds that a job's own proof has 256 Ki of: what a few seconds are enough for.
constexpr std::uint64_t proved_elements = 16 << 10;

std::unique_ptr<TileDevice> opened(unsigned slots) {
  auto device = gpu::open_device(slots);
  if (!device) FAIL(device.error().what);
  return *std::move(device);
}

Status opened_and_proved() {
  WAAG_TRY(const auto device, gpu::open_device(2));
  return prove(*device, 1);
}

/// Nothing was done that a device forbids, and nothing left behind.
void check_clean() {
  CHECK(device_fault() == "");
  const auto left = device_counts();
  CHECK(left.allocations == 0);
  CHECK(left.pinned == 0);
  CHECK(left.streams == 0);
}

}  // namespace

TEST_CASE("emulated device: it gives the CPU's bits", "[device]") {
  for (const auto order : {Order::forwards, Order::backwards, Order::mixed}) {
    start_device(order);
    const auto proved = prove(*opened(3), proved_elements);
    CAPTURE(order);
    if (!proved) FAIL(proved.error().what);
    check_clean();
  }
}

TEST_CASE("emulated device: tiles with importance, of rows of any width", "[device]") {
  start_device(Order::mixed);
  check_weighed_tiles(*opened(3), 3);
  check_clean();
}

TEST_CASE("emulated device: whole files are those of the CPU", "[device][files]") {
  constexpr unsigned threads = 4;
  start_device(Order::mixed);
  check_whole_files([] { return gpu::open_device(pieces_held_max(threads)); }, threads);
  check_clean();
}

TEST_CASE("emulated device: every kernel of the program ran", "[device]") {
  start_device(Order::forwards);
  REQUIRE(prove(*opened(1), 1));
  const auto kernels = device_kernels();
  CHECK(kernels.size() > 20);
  for (const auto* kernel : kernels) {
    CAPTURE(kernel->name);
    CHECK(device_launches().contains(kernel->name));
  }
}

TEST_CASE("emulated device: a call that fails is an error, and nothing is left", "[device]") {
  constexpr std::uint64_t calls_max = 2000;
  std::uint64_t number = 1;
  // Each of those that open it, and of what follows one in eleven.
  for (; number < calls_max; number += number < 40 ? 1 : 11) {
    start_device(Order::forwards);
    refuse_call(number);
    const auto status = opened_and_proved();
    check_clean();
    if (status) break;
    CHECK(status.error().code == Errc::unavailable);
    CHECK(status.error().what == "CUDA: the emulated device refused");
  }
  CHECK((number > 100 && number < calls_max));  // it ended when none was left to fail
}

TEST_CASE("emulated device: what its PTX rounds, it rounds as written", "[device]") {
  std::size_t floats = 0;
  for (const auto* kernel : device_kernels())
    for (const auto& line : kernel->lines) {
      const auto name = line.substr(0, line.find_first_of(" \t"));
      CAPTURE(kernel->name, line);
      floats += name.ends_with(".rn.f32");
      CHECK(rounding_fault(name) == "");
    }
  CHECK(floats > 1000);
}

}  // namespace waag::emulated
