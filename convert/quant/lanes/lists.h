#pragma once

#include "convert/quant/kernels.h"

// The kernels of each width, as the files built for it list them. Plain data, because those files
// may hold no function that a file built for another CPU holds too (vector.h).

namespace waag::convert::lanes {

struct KernelList {
  const TypeKernel* first;
  std::size_t count;
};

KernelList k_min_avx2();
KernelList k_min_avx512();
KernelList iq4_avx2();
KernelList iq4_avx512();
KernelList blocks_avx2();
KernelList blocks_avx512();
KernelList k_signed_avx2();
KernelList k_signed_avx512();

}  // namespace waag::convert::lanes
