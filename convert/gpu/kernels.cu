#include <cuda_runtime.h>

#include "convert/gpu/float_block.h"
#include "convert/gpu/iq4_block.h"
#include "convert/gpu/k_min_block.h"
#include "convert/gpu/k_signed_block.h"
#include "convert/gpu/kernels.h"
#include "convert/gpu/legacy_block.h"
#include "convert/gpu/row_sigma.h"
#include "convert/gpu/team_kernel.h"

// Built without contraction to FMA, with exact division and root, and with subnormals
// (FORMATS 3.0).

namespace waag::convert::gpu {
namespace {

template <class K>
__global__ void __launch_bounds__(group_threads) quantize_blocks(DeviceBlocks blocks) {
  __shared__ typename K::State states[group_threads / K::team];
  const auto index = team_index<K>();
  const bool there = index < blocks.count;
  const std::uint64_t first = there ? index * K::elements : 0;
  const Block block{
      blocks.x + first,
      blocks.importance != nullptr ? blocks.importance + first % blocks.columns : nullptr,
      blocks.out + (there ? index * K::bytes : 0),
      blocks.sigma != nullptr ? blocks.sigma[first / blocks.columns] : 0.0f};
  run_phases<K>(threadIdx.x % K::team, states[threadIdx.x / K::team], block, there);
}

__global__ void __launch_bounds__(group_threads)
    sum_rows(const float* x, std::uint64_t rows, std::uint64_t columns, float* sigma) {
  __shared__ RowSigma::State states[group_threads / RowSigma::team];
  const auto index = team_index<RowSigma>();
  const bool there = index < rows;
  const std::uint64_t row = there ? index : 0;
  for (RowPart part{x + row * columns, columns, 0, sigma + row}; part.first < columns;
       part.first += RowSigma::columns)
    run_phases<RowSigma>(threadIdx.x % RowSigma::team, states[threadIdx.x / RowSigma::team], part,
                         there);
}

template <class K>
cudaError_t launch(const DeviceBlocks& blocks, cudaStream_t stream) {
  if (blocks.count == 0 || blocks.count > blocks_max) return cudaErrorInvalidValue;
  quantize_blocks<K><<<groups_for<K>(blocks.count), group_threads, 0, stream>>>(blocks);
  return cudaGetLastError();
}

/// With importance the rows' sigmas first, on the same stream.
template <class K>
cudaError_t launch_by_row(const DeviceBlocks& blocks, cudaStream_t stream) {
  if (blocks.importance != nullptr) {
    const auto rows = blocks.count * K::elements / blocks.columns;
    sum_rows<<<groups_for<RowSigma>(rows), group_threads, 0, stream>>>(
        blocks.x, rows, blocks.columns, blocks.sigma);
    if (const auto error = cudaGetLastError(); error != cudaSuccess) return error;
  }
  return launch<K>(blocks, stream);
}

constexpr DeviceKernel kernels[] = {
    {TensorType::f16, ImportanceUse::ignored, launch<FloatBlock<float_to_half>>},
    {TensorType::bf16, ImportanceUse::ignored, launch<FloatBlock<float_to_bfloat>>},
    {TensorType::q2_k, ImportanceUse::by_block, launch<KMinBlock<lanes::Q2K>>},
    {TensorType::q3_k, ImportanceUse::by_block, launch<Q3KBlock>},
    {TensorType::q4_k, ImportanceUse::by_block, launch<KMinBlock<lanes::Q4K>>},
    {TensorType::q5_k, ImportanceUse::by_block, launch<KMinBlock<lanes::Q5K>>},
    {TensorType::q6_k, ImportanceUse::by_block, launch<Q6KBlock>},
    {TensorType::iq4_nl, ImportanceUse::by_block, launch<Iq4NlBlock>},
    {TensorType::iq4_xs, ImportanceUse::by_block, launch<Iq4XsBlock>},
    {TensorType::mxfp4, ImportanceUse::ignored, launch<Mxfp4Block>},
    {TensorType::q8_0, ImportanceUse::ignored, launch<PlainBlock<lanes::Q80>>},
    {TensorType::q4_0, ImportanceUse::by_row, launch_by_row<LegacyBlock<lanes::Symmetric<8>>>},
    {TensorType::q4_1, ImportanceUse::by_row, launch_by_row<LegacyBlock<lanes::Affine<15>>>},
    {TensorType::q5_0, ImportanceUse::by_row, launch_by_row<LegacyBlock<lanes::Symmetric<16>>>},
    {TensorType::q5_1, ImportanceUse::by_row, launch_by_row<LegacyBlock<lanes::Affine<31>>>},
};

}  // namespace

const DeviceKernel* device_kernel(TensorType type) {
  for (const auto& kernel : kernels)
    if (kernel.type == type) return &kernel;
  return nullptr;
}

cudaError_t kernels_fit_device() {
  cudaFuncAttributes attributes{};
  return cudaFuncGetAttributes(&attributes, quantize_blocks<Q6KBlock>);
}

}  // namespace waag::convert::gpu
