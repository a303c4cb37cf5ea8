#include "convert/device/tile_ring.h"

#include <catch2/catch.hpp>

#include "tests/convert/device/twin_device.h"

namespace waag::convert::testing {
namespace {

constexpr std::uint64_t tiles = 600, columns = 256;

/// A job of tiles of Q8_0; the values of each say which it is.
struct Tiles {
  explicit Tiles(unsigned threads_, const TwinFaults& faults = {}) : threads(threads_) {
    const auto open = [&]() -> Result<std::unique_ptr<TileDevice>> {
      auto device = std::make_unique<TwinDevice>(pieces_held_max(threads),
                                                 TwinDevice::Pace::newest_first, faults);
      twin = device.get();
      return std::unique_ptr<TileDevice>(std::move(device));
    };
    use = *DeviceUse::choose(Device::automatic, open, progress);
    REQUIRE(use->get() != nullptr);
    begun = twin->submitted()["Q8_0"];
  }

  static Status read(std::uint64_t index, std::span<float> values) {
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<float>(index) + static_cast<float>(i) * 0.25f;
    return ok();
  }

  Status run(std::uint64_t unreadable = tiles) {
    TileRing ring(use.get(), threads);
    const auto work = block_work(TensorType::q8_0, 1, columns, {});
    return run_in_order(threads, {.count = tiles,
                                  .produce =
                                      [&](unsigned worker, std::uint64_t index, Bytes& bytes) {
                                        const auto fill = [&](std::span<float> values) -> Status {
                                          if (index == unreadable)
                                            return fail(Errc::no_space, "unreadable");
                                          return read(index, values);
                                        };
                                        return ring.make(worker, index, work, fill, bytes);
                                      },
                                  .consume = [&](std::uint64_t index, ByteView bytes) -> Status {
                                    WAAG_TRY(const auto taken, ring.take(index, bytes));
                                    of_device += taken.is_of_device ? 1 : 0;
                                    made.insert(made.end(), taken.bytes.begin(), taken.bytes.end());
                                    return ok();
                                  }});
  }

  static Bytes expected(std::uint64_t count = tiles) {
    std::vector<float> values(columns);
    Bytes all, one(row_bytes(TensorType::q8_0, columns));
    for (std::uint64_t index = 0; index < count; ++index) {
      REQUIRE(read(index, values));
      quantize_rows(TensorType::q8_0, {values, columns, {}, one});
      all.insert(all.end(), one.begin(), one.end());
    }
    return all;
  }

  const unsigned threads;
  Progress progress{[](std::string_view) {}};
  TwinDevice* twin = nullptr;
  std::unique_ptr<DeviceUse> use;
  std::uint64_t begun = 0, of_device = 0;
  Bytes made;
};

}  // namespace

TEST_CASE("tile_ring: tiles come in order, whatever the device's", "[convert][device][tile_ring]") {
  const auto threads = GENERATE(1u, 2u, 5u);
  Tiles job(threads);
  REQUIRE(job.run());
  CHECK(job.made == Tiles::expected());
  CHECK(job.of_device == tiles);
  CHECK(job.twin->submitted()["Q8_0"] == job.begun + tiles);
  CHECK(job.twin->most_at_once() > 1);
  CHECK(job.twin->most_at_once() <= pieces_held_max(threads));
}

TEST_CASE("tile_ring: a device that fails at any tile", "[convert][device][tile_ring]") {
  Tiles good(2);
  std::uint64_t before = 0;
  for (const auto& [type, count] : good.twin->submitted()) before += count;
  for (const std::uint64_t at : {0u, 1u, 2u, 3u, 4u, 5u, 255u, 256u, 257u, 598u, 599u}) {
    TwinFaults faults;
    (at % 3 == 0   ? faults.fails_at
     : at % 3 == 1 ? faults.no_begin_at
                   : faults.no_memory_at) = before + at;
    Tiles job(2, faults);
    const auto done = job.run();
    CAPTURE(at);
    if (!done) FAIL(done.error().what);
    CHECK(job.made == Tiles::expected());
    CHECK(job.of_device <= at + pieces_held_max(2));
    CHECK(job.use->get() == nullptr);
    REQUIRE(job.run());  // another file of the job
    CHECK(job.made.size() == 2 * Tiles::expected().size());
  }
}

TEST_CASE("tile_ring: one tile in so many is compared", "[convert][device][tile_ring]") {
  Tiles good(1);
  std::uint64_t before = 0;
  for (const auto& [type, count] : good.twin->submitted()) before += count;
  for (const std::uint64_t at : {std::uint64_t{0}, checked_every, 2 * checked_every}) {
    for (const std::uint64_t beside : {0u, 1u}) {
      TwinFaults faults;
      faults.flips_at = before + at + beside;
      Tiles job(1, faults);
      const auto done = job.run();
      CAPTURE(at, beside);
      if (beside == 1) {
        CHECK(done);
        CHECK(job.made != Tiles::expected());
        continue;
      }
      REQUIRE_FALSE(done);
      CHECK(done.error().code == Errc::corrupt);
      CHECK(job.made == Tiles::expected(at));
    }
  }
}

TEST_CASE("tile_ring: what cannot be read ends the job, and the device is waited for",
          "[convert][device][tile_ring]") {
  for (const std::uint64_t at : {0u, 1u, 100u}) {
    Tiles job(3);
    const auto done = job.run(at);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == Errc::no_space);
    CHECK(job.made == Tiles::expected(at));
    for (unsigned slot = 0; slot < job.twin->slots(); ++slot)
      CHECK(job.twin->memory(slot, block_work(TensorType::q8_0, 1, columns, {})));  // all idle
  }
}

TEST_CASE("tile_ring: without a device", "[convert][device][tile_ring]") {
  TileRing ring(nullptr, 1);
  Bytes bytes;
  const auto work = block_work(TensorType::q8_0, 1, columns, {});
  const auto fill = [](std::span<float> values) { return Tiles::read(0, values); };
  REQUIRE(ring.make(0, 0, work, fill, bytes));
  const auto taken = ring.take(0, bytes);
  REQUIRE(taken);
  CHECK_FALSE(taken->is_of_device);
  CHECK(std::ranges::equal(taken->bytes, Tiles::expected(1)));
}

}  // namespace waag::convert::testing
