#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "protocol/model/tensor.h"
#include "protocol/result.h"

namespace waag::model {

/// One element type of ggml: `block_elements` consecutive elements of a row take `block_bytes`.
struct GgmlType {
  std::uint32_t id = 0;
  std::string_view name;
  std::uint32_t block_elements = 1;
  std::uint32_t block_bytes = 0;
  Dtype dtype{Dtype::ggml_block};
};

/// @return nullopt for ids that were never given out or are retired (4, 5, 31-33, 36-38)
/// Source: ggml, include/ggml.h enum ggml_type, src/ggml-common.h; FORMATS 2.1 and 3.1.
std::optional<GgmlType> ggml_type(std::uint32_t id);

/// Bytes that a tensor's data take.
/// @param shape  as in a GGUF file: the first dimension is a row; empty for one element
/// @return Errc::unprocessable if a row is not a whole number of blocks, or it overflows
Result<std::uint64_t> ggml_tensor_bytes(const GgmlType& type, std::span<const std::uint64_t> shape);

}  // namespace waag::model
