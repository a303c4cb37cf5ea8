#pragma once

#include <map>
#include <optional>

#include "protocol/bytes.h"
#include "protocol/model/tensor.h"

// A safetensors file: u64 N (little-endian) | N bytes of JSON | tensor bytes without holes.
// Source: FORMATS 1.1, huggingface/safetensors README. The hard rules are FORMATS 1.2, points 1
// to 6.

namespace waag::model {

/// Of the length field in front of the JSON.
inline constexpr std::size_t safetensors_length_bytes = 8;
/// Largest JSON header. Source: huggingface/safetensors, src/tensor.rs, MAX_HEADER_SIZE.
inline constexpr std::uint64_t safetensors_json_bytes_max = 100'000'000;
// Ours: the largest models published have under 100,000 tensors in a file and names below 200
// bytes.
inline constexpr std::size_t safetensors_tensors_max = 1'000'000;
inline constexpr std::size_t safetensors_name_bytes_max = 512;
inline constexpr std::size_t safetensors_rank_max = 8;
/// Numbers above are not the same in every JSON reader.
inline constexpr std::uint64_t safetensors_integer_max = (std::uint64_t{1} << 53) - 1;

struct SafetensorsHeader {
  std::uint64_t data_begin = 0;  // 8 + N; a tensor's relative offset is begin - data_begin
  std::vector<TensorInfo>
      tensors;  // by begin; together they fill the file from data_begin to its end
  std::map<std::string, std::string> metadata;
};

/// How much of the file's front parse_safetensors_header needs: 8 + N.
/// @param front the file's first 8 bytes, or more of it
/// @return Errc::unprocessable if it is shorter than 8 bytes or N is out of bounds
Result<std::uint64_t> safetensors_header_bytes(ByteView front);

/// The JSON name of a type ("BF16"), and its bits per element; "" and 0 for ggml_block.
std::string_view safetensors_name(Dtype dtype);
/// nullopt if no type has that JSON name.
std::optional<Dtype> safetensors_dtype(std::string_view name);
std::uint32_t bits_per_element(Dtype dtype);

/// @param front at least the first safetensors_header_bytes() bytes of the file
/// @param file_size_bytes of the whole file; nullopt while it still arrives: that the last tensor
/// ends where the file does is then the caller's to check
/// @return Errc::unprocessable if any rule is broken: the file may then be stored, but as plain
/// bytes
Result<SafetensorsHeader> parse_safetensors_header(ByteView front,
                                                   std::optional<std::uint64_t> file_size_bytes);

}  // namespace waag::model
