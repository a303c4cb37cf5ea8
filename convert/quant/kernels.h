#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "convert/quant/quantize.h"

// What quantize.cc chooses from: for each width of vector a list of functions that quantize one
// row.

namespace waag::convert {

/// Quantizes one row.
/// @param columns     elements of the row; a whole number of blocks, > 0
/// @param importance  `columns` weights, or nullptr: no imatrix
/// @param out         row_bytes(type, columns) bytes, any alignment
using RowKernel = void (*)(const float* x, std::uint64_t columns, const float* importance,
                           std::byte* out);

struct TypeKernel {
  TensorType type{};
  RowKernel kernel = nullptr;
};

/// The scalar reference: every type has one. quant/reference/.
std::span<const TypeKernel> scalar_kernels();
/// The same bits, eight or sixteen sub-blocks side by side; empty on other CPUs than x86-64, and
/// not to be run on one that lacks the width (best_lanes). quant/lanes/.
std::span<const TypeKernel> avx2_kernels();
std::span<const TypeKernel> avx512_kernels();

/// The kernel that quantize_rows runs: of the widest list up to `lanes` that knows the type.
RowKernel row_kernel(TensorType type, Lanes lanes);

}  // namespace waag::convert
