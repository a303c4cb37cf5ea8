#pragma once

#include "convert/gpu/block_kernels.h"
#include "convert/gpu/pack_byte.h"
#include "convert/quant/lanes/k_min.h"

// Q2_K, Q4_K and Q5_K (FORMATS 3.4): a thread a sub-block.

namespace waag::convert::gpu {

template <class Type>
struct KMinBlock {
  static constexpr std::size_t n = Type::plain.elements;
  static constexpr std::size_t elements = lanes::super_elements, bytes = Type::bytes;
  static constexpr unsigned team = elements / n;
  static constexpr int phases = 5;

  struct State {
    SubBlocks<n> x;
    float scale[team], minimum[team], weight_sum[team];
    lanes::MinScales scales;
    std::uint8_t level[elements];
    std::uint8_t packed[12];  // the scales of Q4_K and Q5_K
    float inverse[team], base[team];
  };

  template <int p>
  static WAAG_LANE void phase(unsigned lane, State& state, const Block& block) {
    if constexpr (p == 0) state.x.load(lane, block.x);
    if constexpr (p == 1) search(lane, state, block);
    if constexpr (p == 2) fit(lane, state, block.importance != nullptr);
    if constexpr (p == 3) levels(lane, state);
    if constexpr (p == 4)
      for (std::size_t i = lane; i < bytes; i += team) block.out[i] = byte_at(state, i);
  }

 private:
  static WAAG_LANE void keep(unsigned lane, State& state, const lanes::QkxFound<Lane>& found) {
    state.scale[lane] = found.scale.v;
    state.minimum[lane] = found.minimum.v;
    state.weight_sum[lane] = found.weight_sum.v;
    state.inverse[lane] = found.inverse.v;
    state.base[lane] = found.base.v;
  }

  static WAAG_LANE void search(unsigned lane, State& state, const Block& block) {
    const float* x = state.x.of(lane);
    float w[n];
    if (block.importance != nullptr) {
      weigh<n>(x, block.importance + lane * n, sigma_of(state.x, Type::sigma), w);
      keep(lane, state, lanes::search_qkx<Lane, Type::weighed>(x, w));
    } else {
      lanes::plain_weights<Lane, n>(x, w);
      keep(lane, state, lanes::search_qkx<Lane, Type::plain>(x, w));
    }
  }

  /// The first thread rounds the scales, the second the minima.
  static WAAG_LANE void fit(unsigned lane, State& state, bool weighed) {
    if (lane > 1) return;
    const float* values = lane == 0 ? state.scale : state.minimum;
    std::uint8_t* out = lane == 0 ? state.scales.scale : state.scales.minimum;
    std::uint16_t& common = lane == 0 ? state.scales.d : state.scales.d_min;
    if (!weighed) {
      common =
          lanes::round_scales(values, team, static_cast<float>(Type::scale_levels), team == 8, out);
      return;
    }
    float level[team];
    const auto scale =
        lanes::search_qp<Lane, team, Type::scale_levels>(values, state.weight_sum, level);
    common = lanes::to_half(scale.v);
    for (unsigned j = 0; j < team; ++j)
      out[j] = static_cast<std::uint8_t>(static_cast<int>(level[j]));
  }

  static WAAG_LANE void levels(unsigned lane, State& state) {
    if (lane == 0 && team == 8) lanes::pack_six_bits(state.scales, state.packed);
    const float* x = state.x.of(lane);
    lanes::sub_block_levels<Lane, n>(x, state.scales, lane, state.inverse[lane], state.base[lane],
                                     Type::levels, state.level + lane * n);
  }

  static WAAG_LANE std::uint8_t byte_at(const State& state, std::size_t i) {
    const auto& scales = state.scales;
    if constexpr (team == 16) {
      if (i < 16) return lanes::low_byte(scales.scale[i] | scales.minimum[i] << 4);
      if (i < 80) return pair_byte(state.level, i - 16);
      return i < 82 ? half_byte(scales.d, i - 80) : half_byte(scales.d_min, i - 82);
    } else {
      if (i < 4) return half_byte(i < 2 ? scales.d : scales.d_min, i % 2);
      if (i < 16) return state.packed[i - 4];
      if constexpr (Type::levels == 31) {
        if (i < 48) return high_bits_byte<4>(state.level, i - 16);
        return nibble_byte(state.level, i - 48);
      }
      return nibble_byte(state.level, i - 16);
    }
  }
};

}  // namespace waag::convert::gpu
