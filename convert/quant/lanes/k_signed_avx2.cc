#include "convert/quant/lanes/k_signed.h"
#include "convert/quant/lanes/lists.h"
#include "convert/quant/lanes/vector/avx2.h"

namespace waag::convert::lanes {

KernelList k_signed_avx2() {
  static constexpr TypeKernel kernels[] = {
      {TensorType::q3_k, quantize_q3_k<Avx2>},
      {TensorType::q6_k, quantize_q6_k<Avx2>},
  };
  return {kernels, sizeof kernels / sizeof kernels[0]};
}

}  // namespace waag::convert::lanes
