#pragma once

#include "convert/gpu/block_kernels.h"
#include "convert/quant/lanes/legacy.h"
#include "convert/quant/lanes/mxfp4.h"

// Q8_0 and MXFP4, which take no importance, and Q4_0, Q4_1, Q5_0 and Q5_1 without it (FORMATS 3.2):
// a thread a block.

namespace waag::convert::gpu {

/// @tparam Type  of lanes/legacy.h
template <class Type>
struct PlainBlock {
  static constexpr std::size_t elements = lanes::block_elements, bytes = Type::bytes;
  static constexpr unsigned team = 1;
  static constexpr int phases = 1;
  struct State {};

  template <int>
  static WAAG_LANE void phase(unsigned, State&, const Block& block) {
    lanes::BlockSteps<Lane> steps;
    Type::template steps<Lane>(block.x, steps);
    Type::template block<Lane>(block.x, steps.step[0], steps.inverse[0], steps.least[0], block.out);
  }
};

struct Mxfp4Block {
  static constexpr std::size_t elements = lanes::block_elements, bytes = 17;
  static constexpr unsigned team = 1;
  static constexpr int phases = 1;
  struct State {};

  template <int>
  static WAAG_LANE void phase(unsigned, State&, const Block& block) {
    const float most = lanes::largest_of<Lane, elements>(block.x).magnitude.v;
    lanes::mxfp4_block<Lane>(block.x, most, block.out);
  }
};

}  // namespace waag::convert::gpu
