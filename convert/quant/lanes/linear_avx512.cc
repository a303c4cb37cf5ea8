#if defined(__x86_64__)
#define WAAG_LINEAR_WIDTH 16
#include "convert/quant/linear/linear_kernels_body.h"

namespace waag::convert {

const LinearKernels linear_kernels_avx512 = kernels;

}  // namespace waag::convert
#endif
