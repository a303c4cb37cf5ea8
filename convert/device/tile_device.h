#pragma once

#include <span>
#include <string>
#include <variant>

#include "convert/quant/linear/linear_format.h"
#include "convert/quant/quantize.h"

// The seam between the pipeline and a device that quantizes for it: convert/gpu/ has the one of
// CUDA, the tests one that runs its kernels on the host and fails when it is told to.

namespace waag::convert {

/// What a tile of rows is to become: blocks of a GGUF type, or codes and scales of a format.
struct TileWork {
  std::variant<TensorType, LinearFormat> target;
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;                      // as the target demands; > 0
  std::span<const float> importance;              // blocks: one weight a column, or empty
  model::Dtype scale_dtype{model::Dtype::f32};    // of a format
  float global_scale = 1;                         // of nvfp4
  std::uint64_t code_bytes = 0, scale_bytes = 0;  // blocks are codes
  [[nodiscard]] std::uint64_t values() const { return rows * columns; }
  [[nodiscard]] std::uint64_t out_bytes() const { return code_bytes + scale_bytes; }
};

/// Of blocks.
TileWork block_work(TensorType type, std::uint64_t rows, std::uint64_t columns,
                    std::span<const float> importance);

/// "Q4_K", "nvfp4".
std::string name_of(const TileWork& work);

/// Where a tile lies.
struct TileMemory {
  std::span<float> values;   // work.values(), finite
  std::span<std::byte> out;  // codes, then scales
};

/// On this thread, with the widest vectors that the CPU has: what a device must give.
void quantize_tile(const TileWork& work, const TileMemory& memory);

/// Quantizes tiles while the CPU goes on. It has slots, numbered from 0, each with memory that it
/// copies from and to; a slot does one tile at a time. Calls on different slots may come from
/// different threads at once.
///
/// Errors are Errc::unavailable: the device has none left to use, or is gone. What lies in a slot's
/// memory stays readable after an error.
class TileDevice {
 public:
  virtual ~TileDevice() = default;
  /// As its maker calls it.
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual unsigned slots() const = 0;
  /// Values that a tile should have, about, so that beginning it costs little next to its copy.
  [[nodiscard]] virtual std::uint64_t tile_values() const = 0;
  /// Whether it has a kernel for that; the same for every size.
  [[nodiscard]] virtual bool takes(const TileWork& work) const = 0;
  /// The memory of a slot that has no work, good until it is asked for again.
  virtual Result<TileMemory> memory(unsigned slot, const TileWork& work) = 0;
  /// Begins with the tile that lies in the slot's memory, and returns.
  virtual Status submit(unsigned slot, const TileWork& work) = 0;
  /// Returns when the slot has no work any more: its result lies in its memory, or it failed.
  virtual Status wait(unsigned slot) = 0;
};

}  // namespace waag::convert
