#include "convert/quant/reference/mxfp4.h"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "convert/quant/reference/arithmetic.h"
#include "convert/quant/reference/layout.h"
#include "convert/quant/reference/reference.h"

namespace waag::convert::reference {
namespace {

int nearest_code(float x, float scale) {
  int best = 0;
  float best_error = std::fabs(as_float(mxfp4_values[0]) * scale - x);
  for (int code = 1; code < 16; ++code) {
    const float error =
        std::fabs(as_float(mxfp4_values[static_cast<std::size_t>(code)]) * scale - x);
    if (error < best_error) {
      best = code;
      best_error = error;
    }
  }
  return best;
}

}  // namespace

int floor_log2(float magnitude) {
  const int exponent = std::ilogb(magnitude);
  const int above = exponent + 1;
  if (above == 0) return exponent;
  // 2^above - magnitude in units of 2^(above - 24), and half the distance from `above` to the next
  // float below it in the same units: log2(1 - t) is -t / ln 2.
  const double below = std::ldexp(std::ldexp(1.0, above) - magnitude, 24 - above);
  const auto distance = static_cast<std::uint32_t>(std::abs(above));
  const bool narrow = above > 0 && std::has_single_bit(distance);  // floats below lie closer
  const int spacing = static_cast<int>(std::bit_width(distance)) - (narrow ? 2 : 1);
  constexpr double ln2 = 0.693147180559945309;
  return below < std::ldexp(ln2, spacing) ? above : exponent;
}

void quantize_mxfp4(const float* x, std::uint64_t columns, const float*, std::byte* out) {
  for (const float* end = x + columns; x != end; x += block_elements, out += 17) {
    const float largest = std::fabs(largest_magnitude({x, block_elements}));
    const int exponent = largest > 0 ? (floor_log2(largest) - 2 + 127) & 0xff : 0;
    const float scale = mxfp4_half_scale(exponent);
    std::array<int, block_elements> codes{};
    std::transform(x, x + block_elements, codes.begin(),
                   [scale](float value) { return nearest_code(value, scale); });
    out[0] = low_byte(exponent);
    store_nibbles(codes, out + 1);
  }
}

}  // namespace waag::convert::reference
