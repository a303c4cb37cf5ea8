#pragma once

#include <vector>

#include "convert/quant/tensor_type.h"
#include "convert/write/gguf_pairs.h"
#include "protocol/bytes.h"

namespace waag::convert {

/// A tensor to be written.
struct GgufTensor {
  std::string name;
  std::vector<std::uint64_t> shape;  // slowest dimension first; the file has it turned around
  TensorType type{TensorType::f32};
};

/// One file of the output, all of it known before any weight is read.
struct GgufFile {
  std::string name;
  Bytes header;  // up to where the data begin, padding included
  struct Place {
    std::size_t tensor = 0;          // index into the tensors given
    std::uint64_t offset_bytes = 0;  // in the file
    std::uint64_t size_bytes = 0;    // without padding
    std::uint64_t padded_bytes = 0;  // to the next one's begin
  };
  std::vector<Place> tensors;    // in order, gapless
  std::uint64_t size_bytes = 0;  // of the file
};

/// A file larger than this is split (FORMATS 2.6: hubs refuse parts above 48 GB).
inline constexpr std::uint64_t gguf_split_bytes_default = 40'000'000'000;

/// Lays out a GGUF version 3 (FORMATS 2.1), in parts named `<stem>-00001-of-0000N.gguf` if its data
/// are larger than `split_bytes`, else `<stem>.gguf`.
/// @return Errc::unprocessable if a name has more than 63 bytes, a tensor more than 4 dimensions,
/// or a row is no whole number of blocks
Result<std::vector<GgufFile>> layout_gguf(const std::string& stem, const GgufEntries& entries,
                                          const std::vector<GgufTensor>& tensors,
                                          std::uint64_t split_bytes = gguf_split_bytes_default);

}  // namespace waag::convert
