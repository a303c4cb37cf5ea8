#pragma once

#include <cstdint>

// Device code of kernels.cu and linear_kernels.cu: teams of threads, a piece of work each, with a
// barrier of the warp between their steps (block_kernels.h).

namespace waag::convert::gpu {

inline constexpr unsigned group_threads = 128;
inline constexpr unsigned warp_threads = 32;

/// A team never spans two warps, and every thread of a warp comes to each barrier.
template <class K, int p = 0, class Work>
__device__ __forceinline__ void run_phases(unsigned lane, typename K::State& state,
                                           const Work& work, bool there) {
  static_assert(warp_threads % K::team == 0);
  if (there) K::template phase<p>(lane, state, work);
  __syncwarp();
  if constexpr (p + 1 < K::phases) run_phases<K, p + 1>(lane, state, work, there);
}

/// Which piece of work this thread's team has, counted over the whole launch.
template <class K>
__device__ __forceinline__ std::uint64_t team_index() {
  return static_cast<std::uint64_t>(blockIdx.x) * (group_threads / K::team) + threadIdx.x / K::team;
}

/// Groups of threads for so many pieces of work.
template <class K>
unsigned groups_for(std::uint64_t count) {
  constexpr unsigned teams = group_threads / K::team;
  return static_cast<unsigned>((count + teams - 1) / teams);
}

}  // namespace waag::convert::gpu
