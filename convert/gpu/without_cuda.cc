#include "convert/gpu/gpu.h"

// Where there was no CUDA compiler: convert/CMakeLists.txt takes this in place of the *.cu.

namespace waag::convert::gpu {

bool has_kernels() { return false; }

Result<std::unique_ptr<TileDevice>> open_device(unsigned) {
  return fail(Errc::unavailable, "this waag-convert was built without CUDA kernels");
}

}  // namespace waag::convert::gpu
