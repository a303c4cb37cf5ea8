#include "convert/quant/linear/linear_kernels.h"

#define WAAG_LINEAR_WIDTH 4
#include "convert/quant/linear/linear_kernels_body.h"

namespace waag::convert {

const LinearKernels linear_kernels_plain = kernels;

const LinearKernels& linear_kernels(Lanes lanes) {
#if defined(__x86_64__)
  if (lanes == Lanes::avx512) return linear_kernels_avx512;
  if (lanes == Lanes::avx2) return linear_kernels_avx2;
#endif
  static_cast<void>(lanes);
  return linear_kernels_plain;
}

}  // namespace waag::convert
