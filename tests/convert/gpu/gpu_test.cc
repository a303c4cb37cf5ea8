// Cases with [device] need one; where there is none they say so, and check how that is said.
#include "convert/gpu/gpu.h"

#include <catch2/catch.hpp>

#include "convert/device/prove.h"
#include "tests/convert/device/device_job.h"
#include "tests/convert/gpu/weighed_tiles.h"

namespace waag::convert::testing {
namespace {

/// nullptr, and a line that says why, where there is none.
std::unique_ptr<TileDevice> device_or_reason(unsigned slots) {
  auto opened = gpu::open_device(slots);
  if (opened) return *std::move(opened);
  CHECK(opened.error().code == Errc::unavailable);
  CHECK(opened.error().what.find(gpu::has_kernels() ? "CUDA: " : "without CUDA kernels") !=
        std::string::npos);
  WARN("not run: " << opened.error().what);
  return nullptr;
}

}  // namespace

TEST_CASE("gpu: a device gives the CPU's bits", "[convert][gpu][device]") {
  const auto device = device_or_reason(3);
  if (device == nullptr) return;
  const auto proved = prove(*device, 16 << 20);
  CAPTURE(device->name());
  if (!proved) FAIL(proved.error().what);
}

TEST_CASE("gpu: tiles with importance, of rows of any width", "[convert][gpu][device]") {
  const auto device = device_or_reason(3);
  if (device == nullptr) return;
  check_weighed_tiles(*device, 133);
}

TEST_CASE("gpu: whole files of a device are those of the CPU", "[convert][gpu][device]") {
  if (device_or_reason(2) == nullptr) return;
  for (const unsigned threads : {1u, 4u})
    check_whole_files([threads] { return gpu::open_device(pieces_held_max(threads)); }, threads);
}

}  // namespace waag::convert::testing
