#pragma once

#include "convert/device/tile_device.h"

namespace waag::convert {

/// Elements of each kind that a device has to get right before it is used.
inline constexpr std::uint64_t proof_elements = 256 << 10;

/// Has the device quantize a seeded sample (normal and heavy-tailed values, edges, zeros) to
/// everything that it has a kernel for, with and without importance, and compares the bits with the
/// CPU's. Uses all slots.
/// @param elements  of each kind, about; > 0
/// @return Errc::corrupt, naming the device and the type, on a difference; what the device said
Status prove(TileDevice& device, std::uint64_t elements = proof_elements);

/// Everything that a tile can become, `rows` rows of the sample each.
/// @param importance  one weight a column of the sample
std::vector<TileWork> all_tile_work(std::uint64_t rows, std::span<const float> importance);
/// Columns of the sample.
inline constexpr std::uint64_t proof_columns = 1024;

}  // namespace waag::convert
