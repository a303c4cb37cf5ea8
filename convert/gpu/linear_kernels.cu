#include <cuda_runtime.h>

#include "convert/gpu/kernels.h"
#include "convert/gpu/linear_units.h"
#include "convert/gpu/team_kernel.h"

namespace waag::convert::gpu {
namespace {

template <class K>
__global__ void __launch_bounds__(group_threads) quantize_units(LinearUnit tile) {
  __shared__ typename K::State states[group_threads / K::team];
  LinearUnit unit = tile;
  unit.index = team_index<K>();
  const bool there = unit.index < K::units(tile.rows, tile.columns);
  run_phases<K>(threadIdx.x % K::team, states[threadIdx.x / K::team], unit, there);
}

template <class K>
cudaError_t launch(const DeviceRows& rows, cudaStream_t stream) {
  const auto count = K::units(rows.rows, rows.columns);
  if (count == 0 || count > blocks_max) return cudaErrorInvalidValue;
  const LinearUnit tile{rows.x,           rows.rows,  rows.columns, 0, rows.global_scale,
                        rows.scale_dtype, rows.codes, rows.scales};
  quantize_units<K><<<groups_for<K>(count), group_threads, 0, stream>>>(tile);
  return cudaGetLastError();
}

}  // namespace

LinearLaunch linear_kernel(LinearFormat format) {
  switch (format) {
    case LinearFormat::fp8_dynamic:
      return launch<Fp8RowUnits>;
    case LinearFormat::fp8_block:
      return launch<Fp8BlockUnits>;
    case LinearFormat::int8:
      return launch<Int8RowUnits>;
    case LinearFormat::w4a16:
      return launch<W4a16Units>;
    case LinearFormat::nvfp4:
      return launch<Nvfp4Units>;
  }
  return nullptr;
}

}  // namespace waag::convert::gpu
