#pragma once

#include <cstddef>
#include <cstdint>

// One row of each type, as ggml's scalar reference computes it (FORMATS 3.2, 3.4). All have the
// signature RowKernel (convert/quant/kernels.h); a null importance means: no imatrix.

namespace waag::convert::reference {

void quantize_f32(const float* x, std::uint64_t columns, const float*, std::byte* out);
void quantize_f16(const float* x, std::uint64_t columns, const float*, std::byte* out);
void quantize_bf16(const float* x, std::uint64_t columns, const float*, std::byte* out);

void quantize_q8_0(const float* x, std::uint64_t columns, const float*, std::byte* out);
void quantize_mxfp4(const float* x, std::uint64_t columns, const float*, std::byte* out);

void quantize_q4_0(const float* x, std::uint64_t columns, const float* importance, std::byte* out);
void quantize_q4_1(const float* x, std::uint64_t columns, const float* importance, std::byte* out);
void quantize_q5_0(const float* x, std::uint64_t columns, const float* importance, std::byte* out);
void quantize_q5_1(const float* x, std::uint64_t columns, const float* importance, std::byte* out);

void quantize_q2_k(const float* x, std::uint64_t columns, const float* importance, std::byte* out);
void quantize_q3_k(const float* x, std::uint64_t columns, const float* importance, std::byte* out);
void quantize_q4_k(const float* x, std::uint64_t columns, const float* importance, std::byte* out);
void quantize_q5_k(const float* x, std::uint64_t columns, const float* importance, std::byte* out);
void quantize_q6_k(const float* x, std::uint64_t columns, const float* importance, std::byte* out);

void quantize_iq4_nl(const float* x, std::uint64_t columns, const float* importance,
                     std::byte* out);
void quantize_iq4_xs(const float* x, std::uint64_t columns, const float* importance,
                     std::byte* out);

}  // namespace waag::convert::reference
