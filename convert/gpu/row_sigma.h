#pragma once

#include "convert/gpu/block_kernels.h"

// Sigma of a row with importance for Q4_0, Q4_1, Q5_0 and Q5_1: the mean of its squares, which
// these types take from the whole row (FORMATS 3.4) and other threads have to have before they
// begin with its blocks. The sum is in the order of the row, as everywhere: so a team reads a part
// of it side by side, one thread adds the part up, and the next part follows.

namespace waag::convert::gpu {

/// A part of a row. A team does them from the first to the last, with one state.
struct RowPart {
  const float* x;         // the row
  std::uint64_t columns;  // of the row
  std::uint64_t first;    // column of this part: a multiple of RowSigma::columns
  float* sigma;           // set with the last part
};

struct RowSigma {
  static constexpr std::uint64_t columns = 512;  // of a part; the last may have fewer
  static constexpr unsigned team = 32;
  static constexpr int phases = 2;

  struct State {
    float square[columns];
    float sum;
  };

  template <int p>
  static WAAG_LANE void phase(unsigned lane, State& state, const RowPart& part) {
    if constexpr (p == 0) squares(lane, state, part);
    if constexpr (p == 1)
      if (lane == 0) add(state, part);
  }

 private:
  static WAAG_LANE std::uint64_t size_of(const RowPart& part) {
    const auto left = part.columns - part.first;
    return left < columns ? left : columns;
  }

  static WAAG_LANE void squares(unsigned lane, State& state, const RowPart& part) {
    const auto size = size_of(part);
    for (std::uint64_t i = lane; i < size; i += team) {
      const auto value = Lane::of(part.x[part.first + i]);
      state.square[i] = (value * value).v;
    }
  }

  static WAAG_LANE void add(State& state, const RowPart& part) {
    const auto size = size_of(part);
    auto sum = Lane::of(part.first == 0 ? 0.0f : state.sum);
    for (std::uint64_t i = 0; i < size; ++i) sum = sum + Lane::of(state.square[i]);
    state.sum = sum.v;
    if (part.first + size == part.columns)
      *part.sigma = (sum / Lane::of(static_cast<float>(part.columns))).v;
  }
};

/// Sigma of a row by the team's work on the host (run_on_host).
inline float row_sigma_on_host(const float* x, std::uint64_t columns, RowSigma::State& state,
                               bool backwards) {
  float sigma = 0;
  for (RowPart part{x, columns, 0, &sigma}; part.first < columns; part.first += RowSigma::columns)
    run_on_host<RowSigma>(part, state, backwards);
  return sigma;
}

}  // namespace waag::convert::gpu
