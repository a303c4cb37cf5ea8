#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "tests/emulated_cuda/machine.h"

// A CUDA device that is none: cuda_runtime.cc stands in for CUDA's runtime library, so that the
// very objects that nvcc and the host's compiler made run on it, and the PTX in them is
// interpreted.
//
// What is put on a stream is done when the stream is waited for, and not before. A fault of a
// kernel or a copy is the error of the wait, and of every call after it, as on a device; its text
// is what cudaGetErrorString says.

namespace waag::emulated {

/// A device as it is after a start: no faults, nothing refused. Memory and streams stay.
void start_device(Order order);

/// Has a call fail, the n-th from here on that is not a release; 0: none.
void refuse_call(std::uint64_t number);

/// The first fault since the start, or "".
std::string device_fault();

struct DeviceCounts {
  std::size_t allocations = 0, pinned = 0, streams = 0;  // that are there
};
DeviceCounts device_counts();

/// Names of the kernels that were put on a stream, since the program began.
std::set<std::string, std::less<>> device_launches();

/// Every kernel of this program.
std::vector<const Kernel*> device_kernels();

}  // namespace waag::emulated
