#pragma once

#include "convert/gpu/plain_block.h"

// Q4_0, Q4_1, Q5_0 and Q5_1 (FORMATS 3.2, 3.4): a thread a block, with importance too. The sigma of
// the block's row comes from row_sigma.h.

namespace waag::convert::gpu {

/// @tparam Type  Symmetric or Affine of lanes/legacy.h
template <class Type>
struct LegacyBlock {
  static constexpr std::size_t elements = lanes::block_elements, bytes = Type::bytes;
  static constexpr unsigned team = 1;
  static constexpr int phases = 1;
  using State = typename PlainBlock<Type>::State;

  template <int p>
  static WAAG_LANE void phase(unsigned lane, State& state, const Block& block) {
    if (block.importance == nullptr)
      PlainBlock<Type>::template phase<p>(lane, state, block);
    else
      search(block);
  }

 private:
  /// The search reads its values some twenty or forty times: they are kept by the thread.
  static WAAG_LANE void search(const Block& block) {
    float x[elements], w[elements];
    WAAG_UNROLL(4)
    for (std::size_t i = 0; i < elements; ++i) x[i] = block.x[i];
    weigh<elements>(x, block.importance, block.sigma, w);
    search_as(Type{}, x, w, block.out);
  }

  template <int half>
  static WAAG_LANE void search_as(lanes::Symmetric<half>, const float* x, const float* w,
                                  std::uint8_t* out) {
    lanes::symmetric_group<Lane, half>(x, x, w, 1, out);
  }
  template <int top>
  static WAAG_LANE void search_as(lanes::Affine<top>, const float* x, const float* w,
                                  std::uint8_t* out) {
    lanes::affine_group<Lane, top>(x, x, w, 1, out);
  }
};

}  // namespace waag::convert::gpu
