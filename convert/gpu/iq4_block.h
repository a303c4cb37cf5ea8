#pragma once

#include "convert/gpu/block_kernels.h"
#include "convert/quant/lanes/iq4.h"

// IQ4_NL, a thread a block, and IQ4_XS, a thread a sub-block (FORMATS 3.4).

namespace waag::convert::gpu {

inline constexpr std::size_t iq4_elements = 32;

/// The scale of 32 elements.
/// @param sigma  of the importance, where there is one
WAAG_LANE float search_iq4_scale(const float* x, const float* importance, float sigma) {
  float w[iq4_elements];
  if (importance != nullptr)
    weigh<iq4_elements>(x, importance, sigma, w);
  else
    for (std::size_t i = 0; i < iq4_elements; ++i) w[i] = (Lane::of(x[i]) * Lane::of(x[i])).v;
  return lanes::search_iq4<Lane, iq4_elements>(x, w).v;
}

struct Iq4NlBlock {
  static constexpr std::size_t elements = iq4_elements, bytes = 18;
  static constexpr unsigned team = 1;
  static constexpr int phases = 1;
  struct State {};

  template <int>
  static WAAG_LANE void phase(unsigned, State&, const Block& block) {
    auto sum = Lane::of(0.0f);
    for (std::size_t i = 0; i < elements; ++i)
      sum = sum + Lane::of(block.x[i]) * Lane::of(block.x[i]);
    const float sigma = (sum * Lane::of(2.0f / elements)).v;
    const float scale = search_iq4_scale(block.x, block.importance, sigma);
    lanes::put_half(block.out, lanes::to_half(scale));
    lanes::iq4_nibbles<Lane>(block.x, scale != 0 ? 1 / scale : 0.0f, block.out + 2);
  }
};

struct Iq4XsBlock {
  static constexpr std::size_t elements = lanes::super_elements, bytes = 136;
  static constexpr unsigned team = elements / iq4_elements;
  static constexpr int phases = 4;

  struct State {
    SubBlocks<iq4_elements> x;
    float scale[team];
    std::uint8_t code[team];  // of six bits
  };

  template <int p>
  static WAAG_LANE void phase(unsigned lane, State& state, const Block& block) {
    if constexpr (p == 0) state.x.load(lane, block.x);
    if constexpr (p == 1) search(lane, state, block);
    if constexpr (p == 2) levels(lane, state, block);
    if constexpr (p == 3)
      if (lane == 0) put_scales(state, block.out);
  }

 private:
  static WAAG_LANE void search(unsigned lane, State& state, const Block& block) {
    const bool weighed = block.importance != nullptr;
    state.scale[lane] = search_iq4_scale(
        state.x.of(lane), weighed ? block.importance + lane * iq4_elements : nullptr,
        weighed ? sigma_of(state.x, {1.0f, 2.0f / elements}) : 0.0f);
  }

  static WAAG_LANE void levels(unsigned lane, State& state, const Block& block) {
    const float d = lanes::iq4_xs_scale(state.scale);
    const float inverse = d != 0 ? 1 / d : 0.0f;
    const int rounded = lanes::clamp_one(lanes::round_one(inverse * state.scale[lane]), -32, 31);
    const float step = d * static_cast<float>(rounded);
    lanes::iq4_nibbles<Lane>(state.x.of(lane), step != 0 ? 1 / step : 0.0f,
                             block.out + 8 + lane * 16);
    state.code[lane] = lanes::low_byte(rounded + 32);
  }

  static WAAG_LANE void put_scales(const State& state, std::uint8_t* out) {
    lanes::put_half(out, lanes::to_half(lanes::iq4_xs_scale(state.scale)));
    for (unsigned j = 0; j < 2; ++j) {
      const std::uint8_t* code = state.code + 4 * j;
      out[2 + j] = lanes::low_byte(code[0] >> 4 | (code[1] >> 4) << 2 | (code[2] >> 4) << 4 |
                                   (code[3] >> 4) << 6);
      out[4 + 2 * j] = lanes::low_byte((code[0] & 15) | code[1] << 4);
      out[5 + 2 * j] = lanes::low_byte((code[2] & 15) | code[3] << 4);
    }
  }
};

}  // namespace waag::convert::gpu
