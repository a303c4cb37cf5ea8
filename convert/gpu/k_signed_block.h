#pragma once

#include "convert/gpu/block_kernels.h"
#include "convert/gpu/pack_byte.h"
#include "convert/quant/lanes/k_signed.h"

// Q3_K and Q6_K (FORMATS 3.4): a thread a sub-block of 16.

namespace waag::convert::gpu {

inline constexpr unsigned signed_team = lanes::super_elements / lanes::signed_elements;

struct SignedState {
  SubBlocks<lanes::signed_elements> x;
  float scale[signed_team], inverse[signed_team], weight_sum[signed_team];
  std::uint8_t level[lanes::super_elements];
  lanes::Q3kScales scales;
  float i_scale;  // of Q6_K
  bool zero;      // of Q6_K: the whole block
};

/// Of the elements of sub-block `lane`.
/// @param w  their weights
template <int levels>
WAAG_LANE void search_signed(unsigned lane, SignedState& state, const float* w) {
  auto sum = Lane::of(0.0f);
  for (std::size_t i = 0; i < lanes::signed_elements; ++i) sum = sum + Lane::of(w[i]);
  const auto found = lanes::search_qx<Lane, lanes::signed_elements, levels>(state.x.of(lane), w);
  state.scale[lane] = found.scale.v;
  state.inverse[lane] = found.inverse.v;
  state.weight_sum[lane] = sum.v;
}

struct Q6KBlock {
  static constexpr std::size_t n = lanes::signed_elements;
  static constexpr std::size_t elements = lanes::super_elements, bytes = 210;
  static constexpr unsigned team = signed_team;
  static constexpr int phases = 5;
  using State = SignedState;

  template <int p>
  static WAAG_LANE void phase(unsigned lane, State& state, const Block& block) {
    if constexpr (p == 0) state.x.load(lane, block.x);
    if constexpr (p == 1) search(lane, state, block);
    if constexpr (p == 2)
      if (lane == 0) fit(state);
    if constexpr (p == 3) levels(lane, state);
    if constexpr (p == 4)
      for (std::size_t i = lane; i < bytes; i += team)
        block.out[i] = state.zero ? std::uint8_t{0} : byte_at(state, i);
  }

 private:
  static WAAG_LANE void search(unsigned lane, State& state, const Block& block) {
    const float* x = state.x.of(lane);
    float w[n];
    for (std::size_t i = 0; i < n; ++i)
      w[i] = block.importance != nullptr ? block.importance[lane * n + i]
                                         : (Lane::of(x[i]) * Lane::of(x[i])).v;
    search_signed<32>(lane, state, w);
  }

  static WAAG_LANE void fit(State& state) {
    const float largest = lanes::largest_scale(state.scale, team);
    state.zero = lanes::magnitude_one(largest) < lanes::tiny_group;
    state.i_scale = state.zero ? 0.0f : -128.0f / largest;
    state.scales.d = state.zero ? std::uint16_t{0} : lanes::to_half(1.0f / state.i_scale);
  }

  static WAAG_LANE void levels(unsigned lane, State& state) {
    const int code = lanes::q6_k_code(state.i_scale * state.scale[lane]);
    state.scales.code[lane] = lanes::low_byte(code);
    const float step = lanes::from_half(state.scales.d) * static_cast<float>(code);
    const float* x = state.x.of(lane);
    if (step != 0)
      lanes::requantize<Lane, n>(x, step, 0.0f, -32, 31, 32, state.level + lane * n);
    else
      lanes::qx_levels(x, state.inverse[lane], 32, state.level + lane * n);
  }

  static WAAG_LANE std::uint8_t byte_at(const State& state, std::size_t i) {
    if (i < 192) return q6_byte(state.level, i);
    if (i < 208) return state.scales.code[i - 192];
    return half_byte(state.scales.d, i - 208);
  }
};

struct Q3KBlock {
  static constexpr std::size_t n = lanes::signed_elements;
  static constexpr std::size_t elements = lanes::super_elements, bytes = 110;
  static constexpr unsigned team = signed_team;
  static constexpr int phases = 5;
  using State = SignedState;

  template <int p>
  static WAAG_LANE void phase(unsigned lane, State& state, const Block& block) {
    if constexpr (p == 0) state.x.load(lane, block.x);
    if constexpr (p == 1) search(lane, state, block);
    if constexpr (p == 2)
      if (lane == 0) fit(state, block.importance != nullptr);
    if constexpr (p == 3) levels(lane, state, block.importance != nullptr);
    if constexpr (p == 4)
      for (std::size_t i = lane; i < bytes; i += team) block.out[i] = byte_at(state, i);
  }

 private:
  static WAAG_LANE void search(unsigned lane, State& state, const Block& block) {
    const float* x = state.x.of(lane);
    if (block.importance != nullptr) {
      float w[n];
      weigh<n>(x, block.importance + lane * n, sigma_of(state.x, {2.0f, 1.0f / 256}), w);
      search_signed<4>(lane, state, w);
      return;
    }
    float level[n];
    state.scale[lane] = lanes::search_q3s<Lane>(x, level).v;
    for (std::size_t i = 0; i < n; ++i)
      state.level[lane * n + i] = static_cast<std::uint8_t>(static_cast<int>(level[i]));
  }

  static WAAG_LANE void fit(State& state, bool weighed) {
    if (!weighed) {
      state.scales = lanes::q3_k_scales(state.scale);
      return;
    }
    const auto found = lanes::search_qx<Lane, team, 32, false>(state.scale, state.weight_sum);
    state.scales.d = lanes::to_half(found.scale.v);
    lanes::qx_levels(state.scale, found.inverse.v, 32, state.scales.code);
  }

  static WAAG_LANE void levels(unsigned lane, State& state, bool weighed) {
    const float step =
        lanes::from_half(state.scales.d) * static_cast<float>(state.scales.code[lane] - 32);
    const float* x = state.x.of(lane);
    if (step != 0)
      lanes::requantize<Lane, n>(x, step, 0.0f, -4, 3, 4, state.level + lane * n);
    else if (weighed)
      lanes::qx_levels(x, state.inverse[lane], 4, state.level + lane * n);
  }

  static WAAG_LANE std::uint8_t byte_at(const State& state, std::size_t i) {
    if (i < 32) return high_bits_byte<2>(state.level, i);
    if (i < 96) return pair_byte(state.level, i - 32);
    if (i < 108) return q3_scale_byte(state.scales.code, i - 96);
    return half_byte(state.scales.d, i - 108);
  }
};

}  // namespace waag::convert::gpu
