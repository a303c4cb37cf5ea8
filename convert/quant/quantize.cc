#include "convert/quant/quantize.h"

#include <array>
#include <cassert>

#include "convert/quant/kernels.h"

namespace waag::convert {
namespace {

std::span<const TypeKernel> kernels_of(Lanes lanes) {
  switch (lanes) {
    case Lanes::scalar:
      return scalar_kernels();
    case Lanes::avx2:
      return avx2_kernels();
    case Lanes::avx512:
      return avx512_kernels();
  }
  return {};
}

}  // namespace

RowKernel row_kernel(TensorType type, Lanes lanes) {
  for (int width = static_cast<int>(lanes); width >= 0; --width) {
    for (const auto& candidate : kernels_of(static_cast<Lanes>(width))) {
      if (candidate.type == type) return candidate.kernel;
    }
  }
  return nullptr;
}

void quantize_rows(TensorType type, const RowsToQuantize& rows, Lanes lanes) {
  if (rows.columns == 0) return;
  const std::uint64_t count = rows.values.size() / rows.columns;
  const std::uint64_t bytes = row_bytes(type, rows.columns);
  assert(rows.values.size() == count * rows.columns);
  assert(rows.columns % block_of(type).block_elements == 0);
  assert(rows.importance.empty() || rows.importance.size() == rows.columns);
  assert(rows.blocks.size() == count * bytes);

  const RowKernel quantize_row = row_kernel(type, lanes);
  const float* importance = rows.importance.empty() ? nullptr : rows.importance.data();
  for (std::uint64_t row = 0; row < count; ++row)
    quantize_row(rows.values.data() + row * rows.columns, rows.columns, importance,
                 rows.blocks.data() + row * bytes);
}

}  // namespace waag::convert
