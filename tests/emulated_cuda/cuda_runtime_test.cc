#include <catch2/catch.hpp>
#include <cuda_runtime_api.h>

#include "convert/gpu/kernels.h"
#include "tests/emulated_cuda/emulated_cuda.h"

namespace waag::emulated {
namespace {

using namespace waag::convert;

/// A stream, and memory here and there.
struct Parts {
  static constexpr std::size_t bytes = 64 * sizeof(float);
  cudaStream_t stream = nullptr;
  float *here = nullptr, *there = nullptr;

  Parts() {
    start_device(Order::forwards);
    REQUIRE(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) == cudaSuccess);
    REQUIRE(cudaMallocHost(reinterpret_cast<void**>(&here), bytes) == cudaSuccess);
    REQUIRE(cudaMalloc(reinterpret_cast<void**>(&there), bytes) == cudaSuccess);
  }
  Parts(const Parts&) = delete;
  ~Parts() {
    start_device(Order::forwards);
    cudaStreamSynchronize(stream);
    cudaStreamDestroy(stream);
    cudaFreeHost(here);
    cudaFree(there);
  }
  [[nodiscard]] cudaError_t in() const {
    return cudaMemcpyAsync(there, here, bytes, cudaMemcpyHostToDevice, stream);
  }
  [[nodiscard]] cudaError_t out() const {
    return cudaMemcpyAsync(here, there, bytes, cudaMemcpyDeviceToHost, stream);
  }
  [[nodiscard]] cudaError_t wait() const { return cudaStreamSynchronize(stream); }
  /// F16 of `count` values.
  cudaError_t narrow(const float* x, std::uint64_t count, void* to) const {
    return gpu::device_kernel(TensorType::f16)
        ->launch({x, nullptr, 64, count, static_cast<std::uint8_t*>(to)}, stream);
  }
};

void check_fault(cudaError_t error, const std::string& part) {
  CHECK(error == cudaErrorIllegalAddress);
  const std::string text = cudaGetErrorString(error);
  CAPTURE(text);
  CHECK(text.find(part) != std::string::npos);
  CHECK(device_fault() == text);
  CHECK(cudaGetLastError() == cudaErrorIllegalAddress);
}

}  // namespace

TEST_CASE("cuda_runtime: work is done at the wait") {
  const Parts parts;
  for (int i = 0; i < 64; ++i) parts.here[i] = 1.0f;
  REQUIRE(parts.in() == cudaSuccess);
  for (int i = 0; i < 64; ++i) parts.here[i] = 2.0f;  // too early: the copy comes later
  REQUIRE(parts.out() == cudaSuccess);
  REQUIRE(parts.wait() == cudaSuccess);
  CHECK(parts.here[63] == 2.0f);
  REQUIRE(parts.in() == cudaSuccess);
  REQUIRE(parts.narrow(parts.there, 32, parts.there + 32) == cudaSuccess);
  REQUIRE(parts.out() == cudaSuccess);
  CHECK(parts.here[32] == 2.0f);
  REQUIRE(parts.wait() == cudaSuccess);
  CHECK(std::bit_cast<std::uint32_t>(parts.here[32]) == 0x40004000u);
}

TEST_CASE("cuda_runtime: memory of the host is none of the device") {
  {
    const Parts parts;
    REQUIRE(parts.narrow(parts.here, 32, parts.there) == cudaSuccess);
    check_fault(parts.wait(), "none of the device's memory");
    CHECK(parts.in() == cudaErrorIllegalAddress);  // as is all after it
  }
  {
    const Parts parts;
    REQUIRE(parts.narrow(parts.there, 32, parts.here) == cudaSuccess);
    check_fault(parts.wait(), "none of the device's memory");
  }
  const Parts parts;
  std::vector<float> pageable(64);
  check_fault(cudaMemcpyAsync(parts.there, pageable.data(), Parts::bytes, cudaMemcpyHostToDevice,
                              parts.stream),
              "not pinned");
}

TEST_CASE("cuda_runtime: a kernel or copy over an end") {
  {
    const Parts parts;
    REQUIRE(parts.in() == cudaSuccess);
    REQUIRE(parts.narrow(parts.there, 32, parts.there + 49) == cudaSuccess);
    check_fault(parts.wait(), "of an allocation of 256");
  }
  const Parts parts;
  check_fault(cudaMemcpyAsync(parts.there + 1, parts.here, Parts::bytes, cudaMemcpyHostToDevice,
                              parts.stream),
              "of an allocation of 256");
}

TEST_CASE("cuda_runtime: what goes while work waits for it") {
  {
    const Parts parts;
    void* early = nullptr;
    REQUIRE(cudaMalloc(&early, 64) == cudaSuccess);
    REQUIRE(parts.narrow(parts.there, 32, early) == cudaSuccess);
    REQUIRE(cudaFree(early) == cudaSuccess);
    check_fault(parts.wait(), "was freed");
    check_fault(cudaFree(early), "was freed");  // the first fault is the one that is told
  }
  {
    const Parts parts;
    check_fault(cudaFree(parts.there + 1), "of what is not there");
  }
  {
    const Parts parts;
    check_fault(cudaFreeHost(parts.here + 1), "of what is not there");
  }
  const Parts parts;
  cudaStream_t stream = nullptr;
  REQUIRE(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) == cudaSuccess);
  REQUIRE(cudaMemcpyAsync(parts.there, parts.here, 4, cudaMemcpyHostToDevice, stream) ==
          cudaSuccess);
  check_fault(cudaStreamDestroy(stream), "work left");
}

TEST_CASE("cuda_runtime: new memory is garbage, and calls may be refused") {
  const Parts parts;
  REQUIRE(parts.out() == cudaSuccess);
  REQUIRE(parts.wait() == cudaSuccess);
  CHECK(std::ranges::count(std::span(parts.here, 64), 0.0f) < 2);
  void* memory = nullptr;
  CHECK(cudaMalloc(&memory, std::size_t{1} << 40) == cudaErrorMemoryAllocation);
  CHECK(cudaGetLastError() == cudaErrorMemoryAllocation);
  CHECK(cudaGetLastError() == cudaSuccess);
  CHECK(cudaSetDevice(1) != cudaSuccess);
  refuse_call(2);
  CHECK(cudaSetDevice(0) == cudaSuccess);
  CHECK(cudaSetDevice(0) == cudaErrorUnknown);
  CHECK(cudaSetDevice(0) == cudaSuccess);
}

}  // namespace waag::emulated
