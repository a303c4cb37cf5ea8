#include "convert/quant/lanes/k_min.h"
#include "convert/quant/lanes/lists.h"
#include "convert/quant/lanes/vector/avx512.h"

namespace waag::convert::lanes {

KernelList k_min_avx512() {
  static constexpr TypeKernel kernels[] = {
      {TensorType::q2_k, quantize_min_row<Avx512, Q2K>},
      {TensorType::q4_k, quantize_min_row<Avx512, Q4K>},
      {TensorType::q5_k, quantize_min_row<Avx512, Q5K>},
  };
  return {kernels, sizeof kernels / sizeof kernels[0]};
}

}  // namespace waag::convert::lanes
