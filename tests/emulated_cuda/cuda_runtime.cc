#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include <cuda_runtime_api.h>

#include "tests/emulated_cuda/emulated_cuda.h"
#include "tests/emulated_cuda/fat_binary.h"

/// Work in the order that it was put there.
struct CUstream_st {
  std::deque<std::function<void()>> work;
};
struct CUkern_st {
  const waag::emulated::Kernel* kernel = nullptr;
};

namespace waag::emulated {
namespace {

constexpr std::size_t memory_bytes_max = std::size_t{2} << 30;
constexpr std::uint32_t groups_max = 0x7fffffff;
constexpr std::uint32_t shared_bytes_max = 48 << 10;

/// Where what threads share is kept; its lock is held while kernels run.
struct Device {
  std::mutex lock;
  std::deque<Kernels> modules;
  std::map<const void*, CUkern_st> functions;  // by the host's function
  DeviceMemory memory;
  std::map<const void*, std::unique_ptr<std::byte[]>> pinned;
  std::map<const void*, std::size_t> pinned_bytes;
  std::map<cudaStream_t, std::unique_ptr<CUstream_st>> streams;
  Order order = Order::forwards;
  std::string fault;
  cudaError_t last = cudaSuccess;
  std::uint32_t launches = 0;
  std::set<std::string, std::less<>> launched;
  std::uint64_t refused_in = 0;

  /// What every call but a release begins with.
  cudaError_t enter() {
    if (!fault.empty()) return cudaErrorIllegalAddress;
    return refused_in != 0 && --refused_in == 0 ? last = cudaErrorUnknown : cudaSuccess;
  }
  cudaError_t refuse(cudaError_t why) { return last = why; }
  cudaError_t fail(std::string why) {
    if (fault.empty()) fault = std::move(why);
    return last = cudaErrorIllegalAddress;
  }
  std::byte* host(const void* address, std::size_t size_bytes) {
    auto found = pinned_bytes.upper_bound(address);
    if (found != pinned_bytes.begin()) {
      --found;
      const auto place = static_cast<std::size_t>(static_cast<const std::byte*>(address) -
                                                  static_cast<const std::byte*>(found->first));
      if (place <= found->second && size_bytes <= found->second - place)
        return pinned.at(found->first).get() + place;
    }
    throw Fault("a copy from or to memory of the host that is not pinned");
  }
};

Device& device() {
  static Device only;
  return only;
}

std::uint64_t address_of(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

/// A call of the runtime, with the device locked.
template <class Call>
cudaError_t with_device(Call call) {
  auto& there = device();
  const std::scoped_lock lock(there.lock);
  if (const auto error = there.enter(); error != cudaSuccess) return error;
  try {
    return call(there);
  } catch (const Fault& fault) {
    return there.fail(fault.what());
  }
}

struct Configuration {
  dim3 groups, threads;
  std::size_t shared_bytes = 0;
  cudaStream_t stream = nullptr;
};
thread_local std::vector<Configuration> configurations;

cudaError_t launch(Device& there, const Kernel& kernel, const Configuration& how, void** values) {
  if (how.groups.y != 1 || how.groups.z != 1 || how.threads.y != 1 || how.threads.z != 1 ||
      how.shared_bytes != 0)
    throw Fault("a launch of a form that is not emulated");
  if (how.groups.x == 0 || how.groups.x > groups_max || how.threads.x == 0 ||
      how.threads.x > kernel.threads_max || kernel.shared_bytes > shared_bytes_max)
    return there.refuse(cudaErrorInvalidConfiguration);
  if (!there.streams.contains(how.stream)) return there.refuse(cudaErrorInvalidResourceHandle);
  LaunchOf of{&kernel, how.groups.x, how.threads.x, std::vector<std::byte>(kernel.parameter_bytes)};
  for (std::size_t i = 0; i < kernel.parameters.size(); ++i)
    std::memcpy(of.parameters.data() + kernel.parameters[i].first, values[i],
                kernel.parameters[i].bytes);
  const auto number = ++there.launches;
  there.launched.insert(kernel.name);
  how.stream->work.emplace_back(
      [&there, of = std::move(of), number] { run(of, number, there.order, there.memory); });
  return cudaSuccess;
}

cudaError_t copy(Device& there, void* to, const void* from, std::size_t size_bytes,
                 cudaMemcpyKind kind, cudaStream_t stream) {
  if (!there.streams.contains(stream)) return there.refuse(cudaErrorInvalidResourceHandle);
  if (kind != cudaMemcpyHostToDevice && kind != cudaMemcpyDeviceToHost)
    return there.refuse(cudaErrorInvalidMemcpyDirection);
  const bool is_in = kind == cudaMemcpyHostToDevice;
  const auto work = [=, &there](bool is_now) {
    std::byte* const host = there.host(is_in ? from : to, size_bytes);
    std::byte* const global = there.memory.write(address_of(is_in ? to : from), size_bytes, {});
    if (is_now) std::memcpy(is_in ? global : host, is_in ? host : global, size_bytes);
  };
  work(false);
  stream->work.emplace_back([work] { work(true); });
  return cudaSuccess;
}

}  // namespace

void start_device(Order order) {
  auto& there = device();
  const std::scoped_lock lock(there.lock);
  there.order = order;
  there.fault.clear();
  there.last = cudaSuccess;
  there.refused_in = 0;
}

void refuse_call(std::uint64_t number) {
  auto& there = device();
  const std::scoped_lock lock(there.lock);
  there.refused_in = number;
}

std::string device_fault() {
  auto& there = device();
  const std::scoped_lock lock(there.lock);
  return there.fault;
}

DeviceCounts device_counts() {
  auto& there = device();
  const std::scoped_lock lock(there.lock);
  return {there.memory.left(), there.pinned.size(), there.streams.size()};
}

std::set<std::string, std::less<>> device_launches() {
  auto& there = device();
  const std::scoped_lock lock(there.lock);
  return there.launched;
}

std::vector<const Kernel*> device_kernels() {
  auto& there = device();
  const std::scoped_lock lock(there.lock);
  std::vector<const Kernel*> all;
  for (const auto& module : there.modules)
    for (const auto& [name, kernel] : module) all.push_back(&kernel);
  return all;
}

}  // namespace waag::emulated

// What convert/gpu/gpu.cc and nvcc's launches call, and nothing else: another name does not link.
extern "C" {

using namespace waag::emulated;

unsigned __cudaPushCallConfiguration(dim3 groups, dim3 threads, std::size_t shared_bytes,
                                     cudaStream_t stream) {
  configurations.push_back({groups, threads, shared_bytes, stream});
  return 0;
}
cudaError_t __cudaPopCallConfiguration(dim3* groups, dim3* threads, std::size_t* shared_bytes,
                                       void* stream) {
  if (configurations.empty()) return cudaErrorMissingConfiguration;
  const auto how = configurations.back();
  configurations.pop_back();
  *groups = how.groups;
  *threads = how.threads;
  *shared_bytes = how.shared_bytes;
  *static_cast<cudaStream_t*>(stream) = how.stream;
  return cudaSuccess;
}

/// The object's: what to find the fat binary with. A handle is the module in place of it.
void** __cudaRegisterFatBinary(void* wrapper) {
  struct Wrapper {
    std::uint32_t magic, version;
    const void* fat_binary;
  };
  auto& there = device();
  const std::scoped_lock lock(there.lock);
  auto& module = there.modules.emplace_back();
  for (const auto& text : ptx_of_fat_binary(static_cast<const Wrapper*>(wrapper)->fat_binary))
    module.merge(parse_ptx(text));
  return reinterpret_cast<void**>(&module);
}
void __cudaRegisterFatBinaryEnd(void**) {}
void __cudaUnregisterFatBinary(void**) {}
void __cudaRegisterFunction(void** handle, const char* function, char*, const char* name, int,
                            uint3*, uint3*, dim3*, dim3*, int*) {
  auto& there = device();
  const std::scoped_lock lock(there.lock);
  const auto& module = *reinterpret_cast<const Kernels*>(handle);
  const auto found = module.find(std::string_view(name));
  if (found == module.end()) throw Fault("the PTX has no kernel " + std::string(name));
  there.functions[function].kernel = &found->second;
}
cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void* function) {
  auto& there = device();
  const std::scoped_lock lock(there.lock);
  const auto found = there.functions.find(function);
  if (found == there.functions.end()) return there.refuse(cudaErrorInvalidDeviceFunction);
  *kernel = &found->second;
  return cudaSuccess;
}
cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 groups, dim3 threads, void** values,
                               std::size_t shared_bytes, cudaStream_t stream) {
  return with_device([&](Device& there) {
    return launch(there, *kernel->kernel, {groups, threads, shared_bytes, stream}, values);
  });
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* function) {
  return with_device([&](Device& there) {
    const auto found = there.functions.find(function);
    if (found == there.functions.end()) return there.refuse(cudaErrorInvalidDeviceFunction);
    *attributes = {};
    attributes->sharedSizeBytes = found->second.kernel->shared_bytes;
    attributes->maxThreadsPerBlock = static_cast<int>(found->second.kernel->threads_max);
    return cudaSuccess;
  });
}

cudaError_t cudaGetDeviceCount(int* count) {
  return with_device([&](Device&) {
    *count = 1;
    return cudaSuccess;
  });
}
cudaError_t cudaSetDevice(int number) {
  return with_device([&](Device& there) {
    return number == 0 ? cudaSuccess : there.refuse(cudaErrorInvalidDevice);
  });
}
cudaError_t cudaSetDeviceFlags(unsigned flags) {
  return with_device([&](Device& there) {
    return (flags & ~unsigned{cudaDeviceMask}) == 0 ? cudaSuccess
                                                    : there.refuse(cudaErrorInvalidValue);
  });
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int number) {
  return with_device([&](Device& there) {
    if (number != 0) return there.refuse(cudaErrorInvalidDevice);
    *properties = {};
    std::strcpy(properties->name, "Emulated");
    return cudaSuccess;
  });
}

cudaError_t cudaMalloc(void** memory, std::size_t size_bytes) {
  return with_device([&](Device& there) {
    if (size_bytes > memory_bytes_max) return there.refuse(cudaErrorMemoryAllocation);
    *memory = reinterpret_cast<void*>(there.memory.allocate(size_bytes));
    return cudaSuccess;
  });
}
cudaError_t cudaFree(void* memory) {
  auto& there = device();
  const std::scoped_lock lock(there.lock);
  if (memory == nullptr || there.memory.release(address_of(memory))) return cudaSuccess;
  return there.fail("cudaFree of what is not there");
}
cudaError_t cudaMallocHost(void** memory, std::size_t size_bytes) {
  return with_device([&](Device& there) {
    if (size_bytes > memory_bytes_max) return there.refuse(cudaErrorMemoryAllocation);
    auto made = std::make_unique<std::byte[]>(size_bytes);
    fill_with_garbage(made.get(), size_bytes);
    *memory = made.get();
    there.pinned_bytes[*memory] = size_bytes;
    there.pinned[*memory] = std::move(made);
    return cudaSuccess;
  });
}
cudaError_t cudaFreeHost(void* memory) {
  auto& there = device();
  const std::scoped_lock lock(there.lock);
  if (memory == nullptr) return cudaSuccess;
  there.pinned_bytes.erase(memory);
  return there.pinned.erase(memory) == 1 ? cudaSuccess
                                         : there.fail("cudaFreeHost of what is not there");
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  return with_device([&](Device& there) {
    if (flags != cudaStreamDefault && flags != cudaStreamNonBlocking)
      return there.refuse(cudaErrorInvalidValue);
    auto made = std::make_unique<CUstream_st>();
    *stream = made.get();
    there.streams.emplace(made.get(), std::move(made));
    return cudaSuccess;
  });
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  auto& there = device();
  const std::scoped_lock lock(there.lock);
  const auto found = there.streams.find(stream);
  if (found == there.streams.end()) return there.fail("cudaStreamDestroy of what is not there");
  const bool is_idle = stream->work.empty() || !there.fault.empty();
  there.streams.erase(found);
  return is_idle ? cudaSuccess : there.fail("a stream is destroyed with work left");
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return with_device([&](Device& there) {
    if (!there.streams.contains(stream)) return there.refuse(cudaErrorInvalidResourceHandle);
    while (!stream->work.empty()) {
      const auto work = std::move(stream->work.front());
      stream->work.pop_front();
      work();
    }
    return cudaSuccess;
  });
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t size_bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  return with_device(
      [&](Device& there) { return copy(there, to, from, size_bytes, kind, stream); });
}

cudaError_t cudaGetLastError() {
  auto& there = device();
  const std::scoped_lock lock(there.lock);
  if (!there.fault.empty()) return cudaErrorIllegalAddress;
  return std::exchange(there.last, cudaSuccess);
}
const char* cudaGetErrorString(cudaError_t error) {
  auto& there = device();
  const std::scoped_lock lock(there.lock);
  if (error == cudaErrorIllegalAddress && !there.fault.empty()) return there.fault.c_str();
  return error == cudaErrorMemoryAllocation ? "out of memory" : "the emulated device refused";
}
}
