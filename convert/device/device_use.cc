#include "convert/device/device_use.h"

#include <algorithm>

namespace waag::convert {
namespace {

/// Of each kind, to have every kernel run once.
constexpr std::uint64_t warm_up_elements = 4 << 10;

/// Before anything is made, the job can be told that it asks for what there is not.
Status refused(Status status) {
  if (status) return ok();
  return fail(Errc::unprocessable, std::move(status).error().what);
}

}  // namespace

Result<std::unique_ptr<DeviceUse>> DeviceUse::choose(Device wanted, const Open& open,
                                                     Progress& progress) {
  std::unique_ptr<DeviceUse> use(new DeviceUse(wanted, progress));
  if (wanted == Device::cpu) {
    progress.device("cpu", "", "as the job says");
    return use;
  }
  auto opened = open();
  if (!opened) {
    WAAG_CHECK(refused(use->give_up(opened.error())));
    return use;
  }
  use->device_ = *std::move(opened);
  if (const auto proved = convert::prove(*use->device_, warm_up_elements); !proved)
    WAAG_CHECK(refused(use->give_up(proved.error())));
  return use;
}

Status DeviceUse::prove(std::uint64_t elements) {
  auto* const device = get();
  if (device == nullptr) return ok();
  if (const auto proved = convert::prove(*device, elements); !proved)
    return refused(give_up(proved.error()));
  progress_.device("cuda", device->name(), "gave the CPU's bits for every type that it has");
  return ok();
}

Status DeviceUse::give_up(const Error& error) {
  const bool was_lost = is_lost_.exchange(true, std::memory_order_acq_rel);
  if (wanted_ == Device::cuda)
    return fail(Errc::unavailable, "device cuda cannot be used: " + error.what);
  if (!was_lost) progress_.device("cpu", device_ == nullptr ? "" : device_->name(), error.what);
  return ok();
}

}  // namespace waag::convert
