#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace waag::model {

/// Element type of a tensor, in the terms of no one file format. Names follow safetensors.
enum class Dtype : std::uint8_t {
  boolean,
  f4,
  f6_e2m3,
  f6_e3m2,
  u8,
  i8,
  f8_e5m2,
  f8_e4m3,
  f8_e8m0,
  f8_e4m3_fnuz,
  f8_e5m2_fnuz,
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  c64,
  f64,
  i64,
  u64,
  ggml_block,  // one of GGUF's quantized types: TensorInfo::ggml_type says which
};

/// Where a tensor stands in its file.
struct TensorInfo {
  std::string name;
  Dtype dtype{Dtype::f32};
  std::uint32_t ggml_type = 0;  // GGUF only
  std::vector<std::uint64_t>
      shape;                // slowest dimension first, as in PyTorch; GGUF's order is turned around
  std::uint64_t begin = 0;  // offset in the file of its first byte
  std::uint64_t end = 0;    // past its last byte

  bool operator==(const TensorInfo&) const = default;
};

}  // namespace waag::model
