#pragma once

#include <span>

#include "protocol/bytes.h"
#include "protocol/model/tensor.h"

// Stored numbers to F32, exact, at the speed of memory: AVX2 and F16C where the CPU has them, the
// scalar conversions of quant/floats.h elsewhere; both give the same bits, but for the kind of a
// NaN.

namespace waag::convert {

/// Whether decode_floats knows the type.
bool is_float_type(model::Dtype dtype);

/// @param bytes  values.size() elements of `dtype`, little-endian, of any alignment
/// @return false if a F64 has no equal in F32, or the type is not one of: F32, F16, BF16, F64,
/// F8_E4M3, F8_E5M2, F8_E8M0
[[nodiscard]] bool decode_floats(model::Dtype dtype, ByteView bytes, std::span<float> values);

/// How many are NaN or Inf.
std::uint64_t count_not_finite(std::span<const float> values);

/// values[i] *= scale
void multiply(std::span<float> values, float scale);

}  // namespace waag::convert
