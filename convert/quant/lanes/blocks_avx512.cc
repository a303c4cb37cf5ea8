#include "convert/quant/lanes/legacy.h"
#include "convert/quant/lanes/lists.h"
#include "convert/quant/lanes/mxfp4.h"
#include "convert/quant/lanes/plain.h"
#include "convert/quant/lanes/vector/avx512.h"

namespace waag::convert::lanes {

KernelList blocks_avx512() {
  static constexpr TypeKernel kernels[] = {
      {TensorType::f16, quantize_plain<Avx512, HalfFloats>},
      {TensorType::bf16, quantize_plain<Avx512, BrainFloats>},
      {TensorType::q8_0, quantize_q8_0<Avx512>},
      {TensorType::q4_0, quantize_symmetric<Avx512, 8>},
      {TensorType::q5_0, quantize_symmetric<Avx512, 16>},
      {TensorType::q4_1, quantize_affine<Avx512, 15>},
      {TensorType::q5_1, quantize_affine<Avx512, 31>},
      {TensorType::mxfp4, quantize_mxfp4<Avx512>},
  };
  return {kernels, sizeof kernels / sizeof kernels[0]};
}

}  // namespace waag::convert::lanes
