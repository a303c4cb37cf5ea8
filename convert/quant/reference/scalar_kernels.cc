#include <array>

#include "convert/quant/kernels.h"
#include "convert/quant/reference/reference.h"

namespace waag::convert {

std::span<const TypeKernel> scalar_kernels() {
  using namespace reference;
  static constexpr std::array<TypeKernel, 16> kernels{{
      {TensorType::f32, quantize_f32},
      {TensorType::f16, quantize_f16},
      {TensorType::bf16, quantize_bf16},
      {TensorType::q8_0, quantize_q8_0},
      {TensorType::q4_0, quantize_q4_0},
      {TensorType::q4_1, quantize_q4_1},
      {TensorType::q5_0, quantize_q5_0},
      {TensorType::q5_1, quantize_q5_1},
      {TensorType::q2_k, quantize_q2_k},
      {TensorType::q3_k, quantize_q3_k},
      {TensorType::q4_k, quantize_q4_k},
      {TensorType::q5_k, quantize_q5_k},
      {TensorType::q6_k, quantize_q6_k},
      {TensorType::iq4_nl, quantize_iq4_nl},
      {TensorType::iq4_xs, quantize_iq4_xs},
      {TensorType::mxfp4, quantize_mxfp4},
  }};
  return kernels;
}

}  // namespace waag::convert
