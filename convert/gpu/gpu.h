#pragma once

#include <memory>

#include "convert/device/tile_device.h"

// A CUDA device that quantizes tiles. Its kernels are the CPU's source (block_kernels.h), which the
// tests run on the CPU; on a device a job has them prove themselves (convert/device/prove.h).

namespace waag::convert::gpu {

/// Whether this program was built with kernels (without_cuda.cc: without).
bool has_kernels();

/// Takes the first device. A slot has a stream, and pinned memory, which grow as its tiles do.
/// @param slots  > 0
/// @return Errc::unavailable, with the reason: there is no device, driver or kernel for it
Result<std::unique_ptr<TileDevice>> open_device(unsigned slots);

}  // namespace waag::convert::gpu
