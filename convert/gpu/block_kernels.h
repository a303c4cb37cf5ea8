#pragma once

#include <cstddef>
#include <cstdint>

#include "convert/gpu/lane.h"
#include "convert/quant/lanes/chunk.h"

// How a team of threads quantizes one block. Each type is a struct K with
//
//   K::elements, K::bytes     of a block
//   K::team                   threads that work on one block; they divide a warp
//   K::State                  what the team shares
//   K::phases                 how many steps there are
//   K::phase<p>(lane, state, block)   what thread `lane` of 0..team-1 does in step p
//
// A thread reads in a step only what others wrote in earlier ones, so a barrier between steps is
// all that a device needs (kernels.cu), and a loop over the lanes is the same on the host: the twin
// that the tests compare with the reference.

namespace waag::convert::gpu {

/// One block: its elements, their weights or nullptr, and where its bytes go.
struct Block {
  const float* x;
  const float* importance;
  std::uint8_t* out;
  float sigma = 0;  // of the row, for the types that take it from there (row_sigma.h)
};

/// Elements of a super-block in sub-blocks of n, a float apart: threads that walk their sub-blocks
/// side by side meet different banks of the shared memory.
template <std::size_t n>
struct SubBlocks {
  static constexpr std::size_t count = lanes::super_elements / n;
  float values[count * (n + 1)];

  WAAG_LANE const float* of(std::size_t sub) const { return values + sub * (n + 1); }
  WAAG_LANE float at(std::size_t i) const { return values[i / n * (n + 1) + i % n]; }
  WAAG_LANE void load(std::size_t lane, const float* from) {
    for (std::size_t i = lane; i < lanes::super_elements; i += count)
      values[i / n * (n + 1) + i % n] = from[i];
  }
};

/// What is added to x * x before the root. Each thread sums for itself: the order is the row's.
template <std::size_t n>
WAAG_LANE float sigma_of(const SubBlocks<n>& x, lanes::SigmaPlan plan) {
  auto sum = Lane::of(0.0f);
  for (std::size_t i = 0; i < lanes::super_elements; ++i) {
    const auto value = Lane::of(x.at(i));
    sum = sum + value * value;
  }
  return ((Lane::of(plan.before) * sum) * Lane::of(plan.after)).v;
}

/// The weights of one sub-block.
template <std::size_t n>
WAAG_LANE void weigh(const float* x, const float* importance, float sigma, float* w) {
  WAAG_UNROLL(4)
  for (std::size_t i = 0; i < n; ++i) {
    const auto value = Lane::of(x[i]);
    w[i] = (Lane::of(importance[i]) * square_root(Lane::of(sigma) + value * value)).v;
  }
}

WAAG_LANE std::uint8_t half_byte(std::uint16_t half, std::size_t place) {
  return static_cast<std::uint8_t>(half >> (8 * place));
}

/// The team's work on the host, a thread after the other.
/// @param backwards  the last thread first: the same bits, or a step reads what it also writes
template <class K, int p = 0, class Work = Block>
void run_on_host(const Work& work, typename K::State& state, bool backwards) {
  for (unsigned turn = 0; turn < K::team; ++turn)
    K::template phase<p>(backwards ? K::team - 1 - turn : turn, state, work);
  if constexpr (p + 1 < K::phases) run_on_host<K, p + 1>(work, state, backwards);
}

}  // namespace waag::convert::gpu
