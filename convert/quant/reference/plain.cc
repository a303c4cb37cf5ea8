#include <bit>
#include <cstring>

#include "convert/quant/floats.h"
#include "convert/quant/reference/layout.h"
#include "convert/quant/reference/reference.h"

namespace waag::convert::reference {

void quantize_f32(const float* x, std::uint64_t columns, const float*, std::byte* out) {
  static_assert(std::endian::native == std::endian::little);
  std::memcpy(out, x, columns * sizeof(float));
}

void quantize_f16(const float* x, std::uint64_t columns, const float*, std::byte* out) {
  for (std::uint64_t i = 0; i < columns; ++i) store_u16(out + 2 * i, float_to_half(x[i]));
}

void quantize_bf16(const float* x, std::uint64_t columns, const float*, std::byte* out) {
  for (std::uint64_t i = 0; i < columns; ++i) store_u16(out + 2 * i, float_to_bfloat(x[i]));
}

}  // namespace waag::convert::reference
