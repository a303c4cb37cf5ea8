#pragma once

#include <cstdint>

#include <cuda_runtime_api.h>

#include "convert/quant/tensor_type.h"

// Between the kernels (kernels.cu) and who feeds them (gpu.cu).

namespace waag::convert::gpu {

/// Blocks in a row on the device.
struct DeviceBlocks {
  const float* x = nullptr;           // count x the type's elements
  const float* importance = nullptr;  // of a row, or nullptr
  std::uint64_t columns = 0;          // of a row; a whole number of blocks
  std::uint64_t first_column = 0;     // of the first block
  std::uint64_t count = 0;            // 1..blocks_max
  std::uint8_t* out = nullptr;        // count x the type's bytes
};
/// A launch has at most 2^31 - 1 groups of threads, and a group takes at least one block.
inline constexpr std::uint64_t blocks_max = 0x7fffffff;

/// @param stream  where the kernel is put
using Launch = cudaError_t (*)(const DeviceBlocks& blocks, cudaStream_t stream);

/// What becomes of the importance that a caller has.
enum class ImportanceUse : std::uint8_t { used, ignored, refused };

struct DeviceKernel {
  TensorType type{};
  ImportanceUse importance{};
  Launch launch = nullptr;
};

/// @return nullptr: none for the type
const DeviceKernel* device_kernel(TensorType type);

/// Whether the current device runs what the kernels were built for.
bool kernels_fit_device();

}  // namespace waag::convert::gpu
