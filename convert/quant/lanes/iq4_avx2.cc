#include "convert/quant/lanes/iq4.h"
#include "convert/quant/lanes/lists.h"
#include "convert/quant/lanes/vector/avx2.h"

namespace waag::convert::lanes {

KernelList iq4_avx2() {
  static constexpr TypeKernel kernels[] = {
      {TensorType::iq4_nl, quantize_iq4_nl<Avx2>},
      {TensorType::iq4_xs, quantize_iq4_xs<Avx2>},
  };
  return {kernels, sizeof kernels / sizeof kernels[0]};
}

}  // namespace waag::convert::lanes
