#include "convert/quant/lanes/legacy.h"
#include "convert/quant/lanes/lists.h"
#include "convert/quant/lanes/mxfp4.h"
#include "convert/quant/lanes/plain.h"
#include "convert/quant/lanes/vector/avx2.h"

namespace waag::convert::lanes {

KernelList blocks_avx2() {
  static constexpr TypeKernel kernels[] = {
      {TensorType::f16, quantize_plain<Avx2, HalfFloats>},
      {TensorType::bf16, quantize_plain<Avx2, BrainFloats>},
      {TensorType::q8_0, quantize_q8_0<Avx2>},
      {TensorType::q4_0, quantize_symmetric<Avx2, 8>},
      {TensorType::q5_0, quantize_symmetric<Avx2, 16>},
      {TensorType::q4_1, quantize_affine<Avx2, 15>},
      {TensorType::q5_1, quantize_affine<Avx2, 31>},
      {TensorType::mxfp4, quantize_mxfp4<Avx2>},
  };
  return {kernels, sizeof kernels / sizeof kernels[0]};
}

}  // namespace waag::convert::lanes
