#pragma once

#include "convert/gpu/block_kernels.h"
#include "convert/quant/floats.h"

// F16 and BF16: a thread a value. F32 has nothing to compute, and no kernel.

namespace waag::convert::gpu {

/// @tparam narrow  float_to_half or float_to_bfloat
template <std::uint16_t (*narrow)(float)>
struct FloatBlock {
  static constexpr std::size_t elements = 1, bytes = 2;
  static constexpr unsigned team = 1;
  static constexpr int phases = 1;
  struct State {};

  template <int>
  static WAAG_LANE void phase(unsigned, State&, const Block& block) {
    const std::uint16_t code = narrow(*block.x);
    block.out[0] = half_byte(code, 0);
    block.out[1] = half_byte(code, 1);
  }
};

}  // namespace waag::convert::gpu
