#include "convert/gpu/gpu.h"

#include <algorithm>
#include <string>
#include <vector>

#include <cuda_runtime_api.h>

#include "convert/gpu/kernels.h"

namespace waag::convert::gpu {
namespace {

Status from_cuda(cudaError_t error) {
  if (error == cudaSuccess) return {};
  return fail(Errc::unavailable, std::string("CUDA: ") + cudaGetErrorString(error));
}

/// Memory that grows. What lay there is lost then.
template <cudaError_t (*allocate)(void**, std::size_t), cudaError_t (*release)(void*)>
class Memory {
 public:
  Memory() = default;
  Memory(Memory&& other) noexcept
      : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Memory& operator=(Memory&&) = delete;
  ~Memory() { release(bytes_); }

  Status grow(std::size_t size_bytes) {
    if (size_bytes <= size_) return {};
    release(std::exchange(bytes_, nullptr));
    size_ = 0;
    WAAG_CHECK(from_cuda(allocate(&bytes_, size_bytes)));
    size_ = size_bytes;
    return {};
  }
  template <class T>
  T* as() const {
    return static_cast<T*>(bytes_);
  }

 private:
  void* bytes_ = nullptr;
  std::size_t size_ = 0;
};

cudaError_t allocate_pinned(void** memory, std::size_t size_bytes) {
  return cudaMallocHost(memory, size_bytes);
}
cudaError_t allocate_there(void** memory, std::size_t size_bytes) {
  return cudaMalloc(memory, size_bytes);
}
using Pinned = Memory<allocate_pinned, cudaFreeHost>;
using There = Memory<allocate_there, cudaFree>;

struct DestroyStream {
  void operator()(cudaStream_t stream) const noexcept { cudaStreamDestroy(stream); }
};

struct Slot {
  Pinned values, importance, out;
  There x, weights, sigmas, codes;
  std::unique_ptr<CUstream_st, DestroyStream> stream;  // destroyed first
};

const DeviceKernel* kernel_of(const TileWork& work) {
  const auto* type = std::get_if<TensorType>(&work.target);
  return type == nullptr ? nullptr : device_kernel(*type);
}

bool uses_importance(const TileWork& work) {
  const auto* kernel = kernel_of(work);
  return kernel != nullptr && kernel->importance != ImportanceUse::ignored &&
         !work.importance.empty();
}

/// Sums of its rows are to be found before its blocks.
bool needs_row_sums(const TileWork& work) {
  return uses_importance(work) && kernel_of(work)->importance == ImportanceUse::by_row;
}

class CudaDevice final : public TileDevice {
 public:
  explicit CudaDevice(std::string name) : name_(std::move(name)) {}
  /// Nothing may be copied any more once the slots' memory goes.
  ~CudaDevice() override {
    for (const auto& slot : slots_) cudaStreamSynchronize(slot.stream.get());
  }

  Status add_slots(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      cudaStream_t stream = nullptr;
      WAAG_CHECK(from_cuda(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking)));
      slots_.emplace_back().stream.reset(stream);
    }
    return {};
  }

  std::string name() const override { return name_; }
  unsigned slots() const override { return static_cast<unsigned>(slots_.size()); }

  std::uint64_t tile_values() const override { return 1 << 20; }

  bool takes(const TileWork& work) const override {
    return std::holds_alternative<LinearFormat>(work.target) || kernel_of(work) != nullptr;
  }

  Result<TileMemory> memory(unsigned number, const TileWork& work) override {
    auto& slot = slots_[number];
    WAAG_CHECK(slot.values.grow(work.values() * sizeof(float)));
    WAAG_CHECK(slot.x.grow(work.values() * sizeof(float)));
    WAAG_CHECK(slot.out.grow(work.out_bytes()));
    WAAG_CHECK(slot.codes.grow(work.out_bytes()));
    if (uses_importance(work)) {
      WAAG_CHECK(slot.importance.grow(work.importance.size_bytes()));
      WAAG_CHECK(slot.weights.grow(work.importance.size_bytes()));
    }
    if (needs_row_sums(work)) WAAG_CHECK(slot.sigmas.grow(work.rows * sizeof(float)));
    return TileMemory{{slot.values.as<float>(), work.values()},
                      {slot.out.as<std::byte>(), work.out_bytes()}};
  }

  /// Copies in, computes and copies out, all on the slot's stream.
  Status submit(unsigned number, const TileWork& work) override {
    const auto& slot = slots_[number];
    const auto stream = slot.stream.get();
    WAAG_CHECK(
        from_cuda(cudaMemcpyAsync(slot.x.as<float>(), slot.values.as<float>(),
                                  work.values() * sizeof(float), cudaMemcpyHostToDevice, stream)));
    if (uses_importance(work)) {
      std::copy(work.importance.begin(), work.importance.end(), slot.importance.as<float>());
      WAAG_CHECK(
          from_cuda(cudaMemcpyAsync(slot.weights.as<float>(), slot.importance.as<float>(),
                                    work.importance.size_bytes(), cudaMemcpyHostToDevice, stream)));
    }
    WAAG_CHECK(from_cuda(launch(slot, work)));
    return from_cuda(cudaMemcpyAsync(slot.out.as<std::byte>(), slot.codes.as<std::byte>(),
                                     work.out_bytes(), cudaMemcpyDeviceToHost, stream));
  }

  Status wait(unsigned number) override {
    return from_cuda(cudaStreamSynchronize(slots_[number].stream.get()));
  }

 private:
  static cudaError_t launch(const Slot& slot, const TileWork& work) {
    auto* const codes = slot.codes.as<std::uint8_t>();
    if (const auto* format = std::get_if<LinearFormat>(&work.target))
      return linear_kernel(*format)({slot.x.as<float>(), work.rows, work.columns, work.global_scale,
                                     work.scale_dtype, codes, codes + work.code_bytes},
                                    slot.stream.get());
    const auto* kernel = kernel_of(work);
    return kernel->launch(
        {slot.x.as<float>(), uses_importance(work) ? slot.weights.as<float>() : nullptr,
         work.columns, work.values() / block_of(kernel->type).block_elements, codes,
         needs_row_sums(work) ? slot.sigmas.as<float>() : nullptr},
        slot.stream.get());
  }

  const std::string name_;
  std::vector<Slot> slots_;
};

}  // namespace

bool has_kernels() { return true; }

Result<std::unique_ptr<TileDevice>> open_device(unsigned slots) {
  int devices = 0;
  WAAG_CHECK(from_cuda(cudaGetDeviceCount(&devices)));
  if (devices == 0) return fail(Errc::unavailable, "CUDA: there is no device");
  // Who waits for a tile leaves its core to those who read the next ones.
  WAAG_CHECK(from_cuda(cudaSetDeviceFlags(cudaDeviceScheduleBlockingSync)));
  WAAG_CHECK(from_cuda(cudaSetDevice(0)));
  cudaDeviceProp properties{};
  WAAG_CHECK(from_cuda(cudaGetDeviceProperties(&properties, 0)));
  WAAG_CHECK(from_cuda(kernels_fit_device()));
  auto device = std::make_unique<CudaDevice>(properties.name);
  WAAG_CHECK(device->add_slots(slots));
  return std::unique_ptr<TileDevice>(std::move(device));
}

}  // namespace waag::convert::gpu
