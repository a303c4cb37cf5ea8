#include "convert/quant/lanes/iq4.h"
#include "convert/quant/lanes/lists.h"
#include "convert/quant/lanes/vector/avx512.h"

namespace waag::convert::lanes {

KernelList iq4_avx512() {
  static constexpr TypeKernel kernels[] = {
      {TensorType::iq4_nl, quantize_iq4_nl<Avx512>},
      {TensorType::iq4_xs, quantize_iq4_xs<Avx512>},
  };
  return {kernels, sizeof kernels / sizeof kernels[0]};
}

}  // namespace waag::convert::lanes
