#include "tests/convert/device/twin_device.h"

#include <array>

#include "tests/convert/gpu/twin_blocks.h"

namespace waag::convert::testing {
namespace {

/// The blocks of a tile.
template <class K>
void run_blocks(const TileWork& work, const float* x, std::span<const float> importance,
                std::byte* out) {
  twin_blocks<K>({x, work.values()}, work.columns, importance, ThreadOrder::by_turns, out);
}

struct Kernel {
  TensorType type{};
  void (*run)(const TileWork&, const float*, std::span<const float>, std::byte*) = nullptr;
};

/// As the kernels of convert/gpu/kernels.cu.
constexpr std::array kernels{
    Kernel{TensorType::f16, run_blocks<gpu::FloatBlock<float_to_half>>},
    Kernel{TensorType::bf16, run_blocks<gpu::FloatBlock<float_to_bfloat>>},
    Kernel{TensorType::q2_k, run_blocks<gpu::KMinBlock<lanes::Q2K>>},
    Kernel{TensorType::q3_k, run_blocks<gpu::Q3KBlock>},
    Kernel{TensorType::q4_k, run_blocks<gpu::KMinBlock<lanes::Q4K>>},
    Kernel{TensorType::q5_k, run_blocks<gpu::KMinBlock<lanes::Q5K>>},
    Kernel{TensorType::q6_k, run_blocks<gpu::Q6KBlock>},
    Kernel{TensorType::iq4_nl, run_blocks<gpu::Iq4NlBlock>},
    Kernel{TensorType::iq4_xs, run_blocks<gpu::Iq4XsBlock>},
    Kernel{TensorType::mxfp4, run_blocks<gpu::Mxfp4Block>},
    Kernel{TensorType::q8_0, run_blocks<gpu::PlainBlock<lanes::Q80>>},
    Kernel{TensorType::q4_0, run_blocks<gpu::LegacyBlock<lanes::Symmetric<8>>>},
    Kernel{TensorType::q4_1, run_blocks<gpu::LegacyBlock<lanes::Affine<15>>>},
    Kernel{TensorType::q5_0, run_blocks<gpu::LegacyBlock<lanes::Symmetric<16>>>},
    Kernel{TensorType::q5_1, run_blocks<gpu::LegacyBlock<lanes::Affine<31>>>},
};

template <class K>
void run_units(const TileWork& work, const float* x, std::byte* out) {
  typename K::State state;
  std::memset(static_cast<void*>(&state), 0xa5, sizeof(state));
  auto* codes = reinterpret_cast<std::uint8_t*>(out);
  gpu::LinearUnit unit{x,
                       work.rows,
                       work.columns,
                       0,
                       work.global_scale,
                       work.scale_dtype,
                       codes,
                       codes + work.code_bytes};
  for (; unit.index < K::units(work.rows, work.columns); ++unit.index)
    gpu::run_on_host<K>(unit, state, /*backwards=*/unit.index % 2 == 0);
}

void run_format(const TileWork& work, const float* x, std::byte* out) {
  switch (std::get<LinearFormat>(work.target)) {
    case LinearFormat::fp8_dynamic:
      return run_units<gpu::Fp8RowUnits>(work, x, out);
    case LinearFormat::fp8_block:
      return run_units<gpu::Fp8BlockUnits>(work, x, out);
    case LinearFormat::int8:
      return run_units<gpu::Int8RowUnits>(work, x, out);
    case LinearFormat::w4a16:
      return run_units<gpu::W4a16Units>(work, x, out);
    case LinearFormat::nvfp4:
      return run_units<gpu::Nvfp4Units>(work, x, out);
  }
}

const Kernel* kernel_of(const TileWork& work) {
  const auto* type = std::get_if<TensorType>(&work.target);
  if (type == nullptr) return nullptr;
  const auto* found = std::ranges::find(kernels, *type, &Kernel::type);
  return found == kernels.end() ? nullptr : found;
}

Error broken() { return fail(Errc::unavailable, "Twin: unspecified launch failure"); }

}  // namespace

TwinDevice::TwinDevice(unsigned slots, Pace pace, const TwinFaults& faults)
    : pace_(pace), faults_(faults), slots_(slots) {
  if (pace_ == Pace::newest_first) thread_ = std::thread([this] { work_on(); });
}

TwinDevice::~TwinDevice() {
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool TwinDevice::takes(const TileWork& work) const {
  if (std::holds_alternative<LinearFormat>(work.target)) return true;
  return kernel_of(work) != nullptr;
}

Result<TileMemory> TwinDevice::memory(unsigned slot, const TileWork& work) {
  const std::lock_guard lock(mutex_);
  if (slots_[slot].is_busy) return fail(Errc::internal, "Twin: the slot works");
  if (asked_++ >= faults_.no_memory_at) return fail(Errc::unavailable, "Twin: out of memory");
  slots_[slot].values.resize(work.values());
  slots_[slot].out.assign(work.out_bytes(), std::byte{0x5a});
  return TileMemory{slots_[slot].values, slots_[slot].out};
}

Status TwinDevice::submit(unsigned number, const TileWork& work) {
  const std::lock_guard lock(mutex_);
  auto& slot = slots_[number];
  if (slot.is_busy) return fail(Errc::internal, "Twin: the slot works");
  slot.number = count_++;
  if (slot.number >= faults_.no_begin_at) {
    is_broken_ = true;
    return broken();
  }
  slot.work = work;
  slot.importance.assign(work.importance.begin(), work.importance.end());
  slot.is_waiting = slot.is_busy = true;
  ++submitted_[name_of(work)];
  most_at_once_ = std::max(most_at_once_, ++at_once_);
  queue_.push_back(number);
  changed_.notify_all();
  return ok();
}

Status TwinDevice::wait(unsigned number) {
  std::unique_lock lock(mutex_);
  auto& slot = slots_[number];
  if (!slot.is_busy) return ok();
  if (pace_ == Pace::at_the_wait) {
    run(slot);
    slot.is_waiting = false;
  }
  changed_.wait(lock, [&] { return !slot.is_waiting; });
  slot.is_busy = false;
  --at_once_;
  if (slot.number >= faults_.fails_at) is_broken_ = true;
  return is_broken_ ? Status(broken()) : ok();
}

void TwinDevice::work_on() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return is_stopped_ || !queue_.empty(); });
    if (queue_.empty()) return;
    auto& slot = slots_[queue_.back()];
    queue_.pop_back();
    lock.unlock();  // nobody else touches a slot that waits
    run(slot);
    lock.lock();
    slot.is_waiting = false;
    changed_.notify_all();
  }
}

/// A tile that fails leaves nothing of use.
void TwinDevice::run(Slot& slot) {
  if (slot.number >= faults_.fails_at) return;
  if (const auto* kernel = kernel_of(slot.work))
    kernel->run(slot.work, slot.values.data(), slot.importance, slot.out.data());
  else
    run_format(slot.work, slot.values.data(), slot.out.data());
  if (slot.number == faults_.flips_at ||
      (slot.number >= faults_.flips_from && name_of(slot.work) == faults_.flips_type))
    slot.out.back() ^= std::byte{1};
}

std::map<std::string, std::uint64_t> TwinDevice::submitted() const {
  const std::lock_guard lock(mutex_);
  return submitted_;
}

std::uint64_t TwinDevice::most_at_once() const {
  const std::lock_guard lock(mutex_);
  return most_at_once_;
}

}  // namespace waag::convert::testing
