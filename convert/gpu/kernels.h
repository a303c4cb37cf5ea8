#pragma once

#include <cstdint>

#include <cuda_runtime_api.h>

#include "convert/device/tile_device.h"

// Between the kernels (kernels.cu, linear_kernels.cu) and who feeds them (gpu.cc).

namespace waag::convert::gpu {

/// Blocks in a row on the device.
struct DeviceBlocks {
  const float* x = nullptr;           // count x the type's elements
  const float* importance = nullptr;  // of a row, or nullptr
  std::uint64_t columns = 0;          // of a row; a whole number of blocks
  std::uint64_t count = 0;            // 1..blocks_max
  std::uint8_t* out = nullptr;        // count x the type's bytes
  float* sigma = nullptr;             // ImportanceUse::by_row: room for one a row, or nullptr
};
/// A launch has at most 2^31 - 1 groups of threads, and a group takes at least one block.
inline constexpr std::uint64_t blocks_max = 0x7fffffff;

/// @param stream  where the kernel is put
using Launch = cudaError_t (*)(const DeviceBlocks& blocks, cudaStream_t stream);

/// What becomes of the importance that a caller has.
enum class ImportanceUse : std::uint8_t {
  by_block,  // it weighs by what its block or super-block holds,
  by_row,    // or the whole row
  ignored,
};

struct DeviceKernel {
  TensorType type{};
  ImportanceUse importance{};
  Launch launch = nullptr;
};

/// @return nullptr: none for the type
const DeviceKernel* device_kernel(TensorType type);

/// Rows of a weight on the device.
struct DeviceRows {
  const float* x = nullptr;  // rows x columns, as linear_format_fits demands
  std::uint64_t rows = 0, columns = 0;
  float global_scale = 1;  // of nvfp4
  model::Dtype scale_dtype{model::Dtype::f32};
  std::uint8_t* codes = nullptr;
  std::uint8_t* scales = nullptr;
};
using LinearLaunch = cudaError_t (*)(const DeviceRows& rows, cudaStream_t stream);

/// Every format has one.
LinearLaunch linear_kernel(LinearFormat format);

/// Whether the current device runs what the kernels were built for.
cudaError_t kernels_fit_device();

}  // namespace waag::convert::gpu
