#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "protocol/model/ggml_type.h"

namespace waag::convert {

/// The element types of GGUF that the converter writes, by their numbers in the file.
/// Source: ggml, include/ggml.h enum ggml_type; FORMATS 2.1.
enum class TensorType : std::uint32_t {
  f32 = 0,
  f16 = 1,
  q4_0 = 2,
  q4_1 = 3,
  q5_0 = 6,
  q5_1 = 7,
  q8_0 = 8,
  q2_k = 10,
  q3_k = 11,
  q4_k = 12,
  q5_k = 13,
  q6_k = 14,
  iq4_nl = 20,
  iq4_xs = 23,
  bf16 = 30,
  mxfp4 = 39,
};

/// Elements and bytes of a block, and the name ("Q4_K").
inline model::GgmlType block_of(TensorType type) {
  return model::ggml_type(static_cast<std::uint32_t>(type)).value_or(model::GgmlType{});
}

/// Bytes of one row. `columns` is a whole number of blocks.
inline std::uint64_t row_bytes(TensorType type, std::uint64_t columns) {
  const auto block = block_of(type);
  return columns / block.block_elements * block.block_bytes;
}

}  // namespace waag::convert
