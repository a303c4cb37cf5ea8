#pragma once

#include <cstddef>
#include <cstdint>

#include "convert/quant/quantize.h"

namespace waag::convert {

/// The loops over values. Each yields the same bits at every width of vector: binary32, true
/// division, rounding to nearest even.
struct LinearKernels {
  /// Largest magnitude of each of `groups` groups of `group` values.
  void (*largest)(const float* values, std::size_t groups, std::size_t group, float* out);
  /// E4M3 of value / scale, saturated to +-448.
  void (*e4m3_codes)(const float* values, std::size_t count, float scale, std::uint8_t* out);
  /// value / scale rounded and clamped to [-128, 127].
  void (*int8_codes)(const float* values, std::size_t count, float scale, std::uint8_t* out);
  /// 8 + (value / scale rounded and clamped to [-8, 7]), two a byte, the first in the low half; a
  /// scale for each of `groups` groups of 128 values.
  void (*int4_codes)(const float* values, std::size_t groups, const float* scales,
                     std::uint8_t* out);
  /// E2M1 of value / scale, saturated to +-6, two a byte, the first in the low half; a scale for
  /// each of `groups` groups of 16 values.
  void (*e2m1_codes)(const float* values, std::size_t groups, const float* scales,
                     std::uint8_t* out);
};

extern const LinearKernels linear_kernels_plain;  // for every CPU
#if defined(__x86_64__)
extern const LinearKernels linear_kernels_avx2;
extern const LinearKernels linear_kernels_avx512;
#endif

/// @param lanes  at most what this CPU has
const LinearKernels& linear_kernels(Lanes lanes);

}  // namespace waag::convert
