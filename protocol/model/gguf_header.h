#pragma once

#include <variant>

#include "protocol/bytes.h"
#include "protocol/model/tensor.h"

// A GGUF file: "GGUF" | u32 version | u64 tensors | u64 pairs | key-value pairs | tensor
// descriptions | zeros up to the alignment | tensor data, each padded to the alignment.
// Little-endian. Source: FORMATS 2.1; ggml, docs/gguf.md, src/gguf.cpp. Hardening: RELIABILITY 3.4.

namespace waag::model {

/// Types of metadata values, as numbered in the file.
enum class GgufType : std::uint8_t {
  u8 = 0,
  i8 = 1,
  u16 = 2,
  i16 = 3,
  u32 = 4,
  i32 = 5,
  f32 = 6,
  boolean = 7,
  string = 8,
  array = 9,
  u64 = 10,
  i64 = 11,
  f64 = 12,
};

inline constexpr std::string_view gguf_magic = "GGUF";
/// Bytes of one value; 0 for strings and arrays, whose size stands in the file.
std::uint64_t gguf_scalar_bytes(GgufType type);
/// Errc::unprocessable unless it is a version that we read, in our byte order.
Status check_gguf_version(std::uint32_t version);

/// Longest tensor name, most dimensions. Source: ggml, GGML_MAX_NAME, GGML_MAX_DIMS.
inline constexpr std::size_t gguf_name_bytes_max = 63;
inline constexpr std::size_t gguf_dimensions_max = 4;
/// Source: ggml, docs/gguf.md ("at most 65535 bytes").
inline constexpr std::size_t gguf_key_bytes_max = 65'535;
/// Longest string, most elements of an array. Source: ggml, src/gguf.cpp.
inline constexpr std::uint64_t gguf_length_max = 1u << 30;
inline constexpr std::uint32_t gguf_alignment_default = 32;
// Ours. A header is mostly the tokenizer: 20 MB for a vocabulary of 256,000.
inline constexpr std::uint64_t gguf_header_bytes_max = 256u << 20;
inline constexpr std::uint64_t gguf_tensors_max = 1'000'000;
inline constexpr std::uint64_t gguf_pairs_max = 100'000;

struct GgufPair {
  std::string key;
  GgufType type{GgufType::u8};
  GgufType element{GgufType::u8};  // of an array
  std::uint64_t count = 1;         // of an array's elements
  std::uint64_t begin = 0;  // offset in the file of the value (an array's: of its first element)
  std::uint64_t end = 0;
  /// The value unless it is an array. Unsigned, signed, floating, boolean and string types each
  /// have one.
  std::variant<std::monostate, std::uint64_t, std::int64_t, double, bool, std::string> value;
};

struct GgufHeader {
  std::uint32_t version = 0;
  std::uint32_t alignment = gguf_alignment_default;
  std::uint64_t data_begin = 0;
  std::vector<GgufPair> pairs;      // as in the file
  std::vector<TensorInfo> tensors;  // as in the file, which is the order of their data

  /// @return nullptr if there is no such pair
  [[nodiscard]] const GgufPair* find(std::string_view key) const;
};

/// The parse cannot go on without at least this much of the file's front. Grows at least by half
/// each time, so that reading on and parsing again costs no more than a few parses.
struct GgufNeedsBytes {
  std::uint64_t prefix_bytes = 0;
};

using GgufParse = std::variant<GgufNeedsBytes, GgufHeader>;

/// @param front the file's first bytes, as many as there are at hand
/// @return the header, or how much of the file it needs; Errc::unprocessable if a rule is broken,
/// whatever
///         bytes may follow
Result<GgufParse> parse_gguf_header(ByteView front, std::uint64_t file_size_bytes);

}  // namespace waag::model
