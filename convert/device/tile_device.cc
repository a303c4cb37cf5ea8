#include "convert/device/tile_device.h"

#include "convert/quant/linear/quantize_linear.h"

namespace waag::convert {

TileWork block_work(TensorType type, std::uint64_t rows, std::uint64_t columns,
                    std::span<const float> importance) {
  return {.target = type,
          .rows = rows,
          .columns = columns,
          .importance = importance,
          .code_bytes = rows * row_bytes(type, columns)};
}

std::string name_of(const TileWork& work) {
  if (const auto* type = std::get_if<TensorType>(&work.target))
    return std::string(block_of(*type).name);
  switch (std::get<LinearFormat>(work.target)) {
    case LinearFormat::fp8_dynamic:
      return "fp8-dynamic";
    case LinearFormat::fp8_block:
      return "fp8-block";
    case LinearFormat::int8:
      return "int8";
    case LinearFormat::w4a16:
      return "w4a16";
    case LinearFormat::nvfp4:
      return "nvfp4";
  }
  return {};
}

void quantize_tile(const TileWork& work, const TileMemory& memory) {
  if (const auto* type = std::get_if<TensorType>(&work.target)) {
    quantize_rows(*type, {.values = memory.values,
                          .columns = work.columns,
                          .importance = work.importance,
                          .blocks = memory.out});
    return;
  }
  quantize_linear_rows(std::get<LinearFormat>(work.target),
                       {.values = memory.values,
                        .columns = work.columns,
                        .scale_dtype = work.scale_dtype,
                        .global_scale = work.global_scale,
                        .codes = memory.out.first(work.code_bytes),
                        .scales = memory.out.subspan(work.code_bytes)});
}

}  // namespace waag::convert
