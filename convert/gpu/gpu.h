#pragma once

#include <memory>

#include "convert/quant/quantize.h"
#include "protocol/result.h"

// quantize_rows on a CUDA device, with the same bits. Its source is the CPU's (block_kernels.h),
// and the CPU tests it; on a device it has not run yet, so nothing chooses it by itself.

namespace waag::convert::gpu {

/// Whether a device is there that the kernels were built for.
bool is_available();

/// Memory of the host that a device reads and writes while the CPU goes on.
class PinnedMemory {
 public:
  PinnedMemory() = default;
  /// @return Errc::unavailable: so much cannot be pinned
  static Result<PinnedMemory> allocate(std::size_t size_bytes);
  std::span<std::byte> bytes() const;

 private:
  struct Free {
    void operator()(std::byte* memory) const noexcept;
  };
  std::unique_ptr<std::byte, Free> memory_;
  std::size_t size_bytes_ = 0;
};

/// Feeds one device through a ring of streams, each with memory of its own there: while one copies,
/// another computes. Not for several threads at once.
class Quantizer {
 public:
  Quantizer();
  Quantizer(Quantizer&&) noexcept;
  Quantizer& operator=(Quantizer&&) noexcept;
  ~Quantizer();

  /// Takes the first device.
  /// @return Errc::unavailable: there is none, or it has not the memory
  static Result<Quantizer> open();

  /// As quantize_rows. Copies overlap only from and to pinned memory.
  /// @return Errc::invalid_argument: no kernel for the type, none that takes this importance, or
  ///         sizes that do not fit each other; Errc::unavailable: the device failed, and `blocks`
  ///         hold nothing of use
  Status quantize(TensorType type, const RowsToQuantize& rows);

 private:
  struct Device;
  std::unique_ptr<Device> device_;
};

}  // namespace waag::convert::gpu
