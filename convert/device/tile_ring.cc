#include "convert/device/tile_ring.h"

#include <algorithm>
#include <cassert>

namespace waag::convert {

TileRing::TileRing(DeviceUse* use, unsigned threads)
    : use_(use),
      device_(use == nullptr ? nullptr : use->get()),
      slots_(pieces_held_max(threads)),
      values_(threads) {
  assert(device_ == nullptr || device_->slots() >= slots_.size());
}

TileRing::~TileRing() {
  for (unsigned number = 0; number < slots_.size(); ++number)
    if (slots_[number].is_busy) static_cast<void>(device_->wait(number));
}

Status TileRing::make(unsigned worker, std::uint64_t index, const TileWork& work, const Read& read,
                      Bytes& bytes) {
  if (device_ != nullptr && use_->get() != nullptr && work.values() > 0 && device_->takes(work)) {
    const auto number = static_cast<unsigned>(index % slots_.size());
    WAAG_TRY(const bool is_made, submit(number, work, read, bytes));
    if (is_made) return ok();
  }
  auto& values = values_[worker];
  values.resize(work.values());
  WAAG_CHECK(read(values));
  bytes.resize(work.out_bytes());
  quantize_tile(work, {.values = values, .out = bytes});
  return ok();
}

Result<bool> TileRing::submit(unsigned number, const TileWork& work, const Read& read,
                              Bytes& bytes) {
  auto& slot = slots_[number];
  const auto memory = device_->memory(number, work);
  if (!memory) {
    WAAG_CHECK(use_->give_up(memory.error()));
    return false;
  }
  WAAG_CHECK(read(memory->values));
  slot.work = work;
  slot.memory = *memory;
  slot.is_checked = tiles_.fetch_add(1, std::memory_order_relaxed) % checked_every == 0;
  const auto begun = device_->submit(number, work);
  slot.is_busy = begun.has_value();
  if (!begun) WAAG_CHECK(use_->give_up(begun.error()));
  bytes.resize(slot.is_busy && !slot.is_checked ? 0 : work.out_bytes());
  if (!bytes.empty()) quantize_tile(work, {.values = memory->values, .out = bytes});
  return true;
}

Result<TileRing::Taken> TileRing::take(std::uint64_t index, ByteView bytes) {
  const auto number = static_cast<unsigned>(index % slots_.size());
  auto& slot = slots_[number];
  if (!slot.is_busy) return Taken{.bytes = bytes};
  slot.is_busy = false;
  if (const auto done = device_->wait(number); !done) {
    WAAG_CHECK(use_->give_up(done.error()));
    if (slot.is_checked) return Taken{.bytes = bytes};
    made_again_.resize(slot.work.out_bytes());
    quantize_tile(slot.work, {.values = slot.memory.values, .out = made_again_});
    return Taken{.bytes = made_again_};
  }
  if (slot.is_checked && !std::ranges::equal(bytes, slot.memory.out))
    return fail(Errc::corrupt, device_->name() + " gave other bits than the CPU for " +
                                   name_of(slot.work) + ": device cpu does without it");
  return Taken{.bytes = slot.memory.out, .is_of_device = true};
}

}  // namespace waag::convert
