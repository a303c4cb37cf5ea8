#include <cuda_runtime.h>

#include "convert/gpu/iq4_block.h"
#include "convert/gpu/k_min_block.h"
#include "convert/gpu/k_signed_block.h"
#include "convert/gpu/kernels.h"
#include "convert/gpu/plain_block.h"
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
      blocks.out + (there ? index * K::bytes : 0)};
  run_phases<K>(threadIdx.x % K::team, states[threadIdx.x / K::team], block, there);
}

template <class K>
cudaError_t launch(const DeviceBlocks& blocks, cudaStream_t stream) {
  if (blocks.count == 0 || blocks.count > blocks_max) return cudaErrorInvalidValue;
  quantize_blocks<K><<<groups_for<K>(blocks.count), group_threads, 0, stream>>>(blocks);
  return cudaGetLastError();
}

// The four legacy types take their sigma from the whole row (FORMATS 3.4): not a block's business.
constexpr DeviceKernel kernels[] = {
    {TensorType::q2_k, ImportanceUse::used, launch<KMinBlock<lanes::Q2K>>},
    {TensorType::q3_k, ImportanceUse::used, launch<Q3KBlock>},
    {TensorType::q4_k, ImportanceUse::used, launch<KMinBlock<lanes::Q4K>>},
    {TensorType::q5_k, ImportanceUse::used, launch<KMinBlock<lanes::Q5K>>},
    {TensorType::q6_k, ImportanceUse::used, launch<Q6KBlock>},
    {TensorType::iq4_nl, ImportanceUse::used, launch<Iq4NlBlock>},
    {TensorType::iq4_xs, ImportanceUse::used, launch<Iq4XsBlock>},
    {TensorType::mxfp4, ImportanceUse::ignored, launch<Mxfp4Block>},
    {TensorType::q8_0, ImportanceUse::ignored, launch<PlainBlock<lanes::Q80>>},
    {TensorType::q4_0, ImportanceUse::refused, launch<PlainBlock<lanes::Symmetric<8>>>},
    {TensorType::q4_1, ImportanceUse::refused, launch<PlainBlock<lanes::Affine<15>>>},
    {TensorType::q5_0, ImportanceUse::refused, launch<PlainBlock<lanes::Symmetric<16>>>},
    {TensorType::q5_1, ImportanceUse::refused, launch<PlainBlock<lanes::Affine<31>>>},
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
