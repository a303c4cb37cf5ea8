#include <algorithm>
#include <array>
#include <string>

#include <cuda_runtime_api.h>

#include "convert/gpu/gpu.h"
#include "convert/gpu/kernels.h"

namespace waag::convert::gpu {
namespace {

constexpr std::size_t ring_slots = 3;  // one copies in, one computes, one copies out
constexpr std::uint64_t slot_elements = 4u << 20;
static_assert(slot_elements / 32 <= blocks_max);
/// No type takes more bytes for its elements than Q8_0: 34 for 32.
constexpr std::uint64_t slot_out_bytes = slot_elements / 32 * 34;

Status from_cuda(cudaError_t error) {
  if (error == cudaSuccess) return {};
  return fail(Errc::unavailable, std::string("CUDA: ") + cudaGetErrorString(error));
}

struct FreeDevice {
  void operator()(void* memory) const noexcept { cudaFree(memory); }
};
template <class T>
using DeviceArray = std::unique_ptr<T, FreeDevice>;

struct DestroyStream {
  void operator()(cudaStream_t stream) const noexcept { cudaStreamDestroy(stream); }
};
using Stream = std::unique_ptr<CUstream_st, DestroyStream>;

template <class T>
Result<DeviceArray<T>> allocate(std::uint64_t count) {
  if (count > SIZE_MAX / sizeof(T)) return fail(Errc::invalid_argument, "too many elements");
  void* memory = nullptr;
  WAAG_CHECK(from_cuda(cudaMalloc(&memory, count * sizeof(T))));
  return DeviceArray<T>(static_cast<T*>(memory));
}

struct Slot {
  DeviceArray<float> x;
  DeviceArray<std::uint8_t> out;
  Stream stream;  // destroyed first
};

Result<Slot> make_slot() {
  Slot slot;
  WAAG_TRY(slot.x, allocate<float>(slot_elements));
  WAAG_TRY(slot.out, allocate<std::uint8_t>(slot_out_bytes));
  cudaStream_t stream = nullptr;
  WAAG_CHECK(from_cuda(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking)));
  slot.stream.reset(stream);
  return slot;
}

/// Whether the spans belong together, as quantize_rows asserts.
Status check(TensorType type, const RowsToQuantize& rows) {
  const auto block = block_of(type);
  const std::uint64_t elements = rows.values.size();
  if (rows.columns == 0 || rows.columns % block.block_elements != 0 || elements % rows.columns != 0)
    return fail(Errc::invalid_argument, "rows are not of whole blocks");
  if (rows.blocks.size() != elements / block.block_elements * block.block_bytes)
    return fail(Errc::invalid_argument, "the blocks need room of another size");
  if (!rows.importance.empty() && rows.importance.size() != rows.columns)
    return fail(Errc::invalid_argument, "the importance is not one weight a column");
  return {};
}

/// Copies in, computes and copies out, all on the slot's stream.
/// @param first, count  blocks of `rows`
Status enqueue(const DeviceKernel& kernel, const RowsToQuantize& rows, const float* importance,
               const Slot& slot, std::uint64_t first, std::uint64_t count) {
  const auto block = block_of(kernel.type);
  const std::uint64_t at = first * block.block_elements;
  const auto stream = slot.stream.get();
  WAAG_CHECK(from_cuda(cudaMemcpyAsync(slot.x.get(), rows.values.data() + at,
                                       count * block.block_elements * sizeof(float),
                                       cudaMemcpyHostToDevice, stream)));
  const DeviceBlocks blocks{slot.x.get(),      importance, rows.columns,
                            at % rows.columns, count,      slot.out.get()};
  WAAG_CHECK(from_cuda(kernel.launch(blocks, stream)));
  return from_cuda(cudaMemcpyAsync(rows.blocks.data() + first * block.block_bytes, slot.out.get(),
                                   count * block.block_bytes, cudaMemcpyDeviceToHost, stream));
}

}  // namespace

struct Quantizer::Device {
  std::array<Slot, ring_slots> ring;

  Status run(const DeviceKernel& kernel, const RowsToQuantize& rows, const float* importance) {
    const std::uint64_t elements = block_of(kernel.type).block_elements;
    const std::uint64_t blocks = rows.values.size() / elements;
    const std::uint64_t at_once = slot_elements / elements;
    std::size_t turn = 0;
    for (std::uint64_t first = 0; first < blocks; first += at_once, ++turn) {
      const std::uint64_t count = std::min(at_once, blocks - first);
      WAAG_CHECK(enqueue(kernel, rows, importance, ring[turn % ring_slots], first, count));
    }
    return {};
  }

  /// Waits for every slot, also where one failed: the caller's memory is theirs until then.
  Status wait() {
    cudaError_t first = cudaSuccess;
    for (const auto& slot : ring) {
      const cudaError_t error = cudaStreamSynchronize(slot.stream.get());
      if (first == cudaSuccess) first = error;
    }
    return from_cuda(first);
  }
};

bool is_available() {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) return false;
  return kernels_fit_device();
}

void PinnedMemory::Free::operator()(std::byte* memory) const noexcept { cudaFreeHost(memory); }

Result<PinnedMemory> PinnedMemory::allocate(std::size_t size_bytes) {
  void* memory = nullptr;
  WAAG_CHECK(from_cuda(cudaMallocHost(&memory, size_bytes)));
  PinnedMemory out;
  out.memory_.reset(static_cast<std::byte*>(memory));
  out.size_bytes_ = size_bytes;
  return out;
}

std::span<std::byte> PinnedMemory::bytes() const { return {memory_.get(), size_bytes_}; }

Quantizer::Quantizer() = default;
Quantizer::Quantizer(Quantizer&&) noexcept = default;
Quantizer& Quantizer::operator=(Quantizer&&) noexcept = default;
Quantizer::~Quantizer() = default;

Result<Quantizer> Quantizer::open() {
  if (!is_available()) return fail(Errc::unavailable, "no CUDA device that the kernels run on");
  auto device = std::make_unique<Device>();
  for (auto& slot : device->ring) {
    WAAG_TRY(slot, make_slot());
  }
  Quantizer out;
  out.device_ = std::move(device);
  return out;
}

Status Quantizer::quantize(TensorType type, const RowsToQuantize& rows) {
  const DeviceKernel* kernel = device_kernel(type);
  if (device_ == nullptr || kernel == nullptr)
    return fail(Errc::invalid_argument, "no CUDA kernel for the type");
  WAAG_CHECK(check(type, rows));
  if (!rows.importance.empty() && kernel->importance == ImportanceUse::refused)
    return fail(Errc::invalid_argument, "the type's CUDA kernel takes no importance");
  DeviceArray<float> importance;
  if (!rows.importance.empty() && kernel->importance == ImportanceUse::used) {
    WAAG_TRY(importance, allocate<float>(rows.columns));
    WAAG_CHECK(from_cuda(cudaMemcpy(importance.get(), rows.importance.data(),
                                    rows.importance.size_bytes(), cudaMemcpyHostToDevice)));
    // The ring's streams do not wait for the default one, which may still be copying.
    WAAG_CHECK(from_cuda(cudaDeviceSynchronize()));
  }
  auto queued = device_->run(*kernel, rows, importance.get());
  auto done = device_->wait();
  return queued ? std::move(done) : std::move(queued);
}

}  // namespace waag::convert::gpu
