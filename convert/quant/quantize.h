#pragma once

#include <span>

#include "convert/quant/tensor_type.h"
#include "protocol/bytes.h"

// The quantizers of ggml, bit for bit as its scalar reference computes them: binary32, in the order
// written, without FMA (FORMATS 3). quant/reference/ is the definition; quant/lanes/ runs many
// sub-blocks side by side, each lane in the same order, and yields the same bits.

namespace waag::convert {

/// How wide the kernels work.
enum class Lanes : std::uint8_t { scalar, avx2, avx512 };

/// The widest that this CPU has.
Lanes best_lanes();

/// Rows of one matrix and where their blocks go.
struct RowsToQuantize {
  std::span<const float> values;      // rows x columns, row-major; finite
  std::uint64_t columns = 0;          // a whole number of blocks of the type
  std::span<const float> importance;  // one weight a column, or empty: no imatrix
  std::span<std::byte> blocks;        // rows x row_bytes(type, columns)
};

/// Rows are independent of each other: how a matrix is cut into calls does not change the bits.
/// F32, F16 and BF16 are plain conversions (RNE). Types that take no importance ignore it.
void quantize_rows(TensorType type, const RowsToQuantize& rows, Lanes lanes = best_lanes());

/// Whether a type, by its number in a GGUF file, is one of those that are known here.
bool can_dequantize(std::uint32_t ggml_type);
/// The values that blocks stand for, as ggml's dequantizers compute them.
/// @param values  as many as the blocks hold elements
void dequantize_rows(TensorType type, ByteView blocks, std::span<float> values);

/// Whether every scale of the blocks is a number: finite F16, E8M0 below 0xFF (FORMATS 3.4).
bool scales_are_finite(TensorType type, ByteView blocks);

}  // namespace waag::convert
