#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>

#include "convert/gpu/float_block.h"
#include "convert/gpu/legacy_block.h"
#include "convert/gpu/row_sigma.h"

// What convert/gpu/kernels.cu does with rows, on the host.

namespace waag::convert::testing {

/// Of the threads of a team within a step: any has to do.
enum class ThreadOrder { forwards, backwards, by_turns };

/// Whether a kernel has the sigmas of rows found before it: launch_by_row of kernels.cu.
template <class K>
inline constexpr bool is_by_row = false;
template <class Type>
inline constexpr bool is_by_row<gpu::LegacyBlock<Type>> = true;

/// As on a device, the state of a team begins with what another left, or anything.
template <class State>
std::unique_ptr<State> used_state() {
  auto state = std::make_unique<State>();
  std::memset(static_cast<void*>(state.get()), 0xa5, sizeof(State));
  return state;
}

/// Blocks of the device's source, a thread after the other.
/// @param importance  of `columns`, or empty
/// @param out         the bytes of all blocks
template <class K>
void twin_blocks(std::span<const float> values, std::uint64_t columns,
                 std::span<const float> importance, ThreadOrder order, std::byte* out) {
  const auto state = used_state<typename K::State>();
  const auto row_state = used_state<gpu::RowSigma::State>();
  auto* to = reinterpret_cast<std::uint8_t*>(out);
  float sigma = 0;
  for (std::uint64_t at = 0; at < values.size(); at += K::elements, to += K::bytes) {
    const bool backwards = order == ThreadOrder::by_turns ? at / K::elements % 2 != 0
                                                          : order == ThreadOrder::backwards;
    if (is_by_row<K> && !importance.empty() && at % columns == 0)
      sigma = gpu::row_sigma_on_host(values.data() + at, columns, *row_state, backwards);
    const float* weights = importance.empty() ? nullptr : importance.data() + at % columns;
    gpu::run_on_host<K>({values.data() + at, weights, to, sigma}, *state, backwards);
  }
}

}  // namespace waag::convert::testing
