#pragma once

#include <map>
#include <memory>

#include "convert/source/weight_file.h"
#include "protocol/model/tensor.h"

namespace waag::convert {

/// A tensor as it stands in a file. Its bytes are inside of the file: whoever makes one has
/// checked.
struct StoredTensor {
  model::TensorInfo info;  // begin and end are offsets in `file`
  std::shared_ptr<const WeightFile> file;
  /// In elements, one a dimension; empty: row-major without gaps. Only *.bin has others, and then
  /// [info.begin, info.end) is what its elements span.
  std::vector<std::uint64_t> strides;

  [[nodiscard]] std::uint64_t elements() const {
    std::uint64_t product = 1;
    for (const auto extent : info.shape) product *= extent;
    return product;
  }
};

/// By stored name.
using StoredTensors = std::map<std::string, StoredTensor, std::less<>>;

/// Opens the weights of a folder and checks every header: *.safetensors (FORMATS 1.2, 1.3), or if
/// there are none, *.bin (FORMATS 1.4). Mistral's consolidated*.safetensors, under names of their
/// own, are left aside.
/// @return Errc::not_found if there are no weights; Errc::unprocessable, naming the file and the
/// rule, if one is broken
Result<StoredTensors> open_stored_tensors(const std::filesystem::path& folder);

/// Elements [first, first + values.size()) in row-major order, converted to F32. Types: F32, F16,
/// BF16, F64 if exact, F8_E4M3, F8_E5M2, F8_E8M0. Needs a tensor without strides.
/// @return Errc::unprocessable, naming the tensor, for another type, or if they are outside of it
Status read_floats(const StoredTensor& tensor, std::uint64_t first, std::span<float> values);
/// Likewise 32-bit words (I32, U32), and I64 that fit in 32 bits.
Status read_words(const StoredTensor& tensor, std::uint64_t first, std::span<std::uint32_t> words);
/// Likewise bytes of one-byte types.
Status read_codes(const StoredTensor& tensor, std::uint64_t first, std::span<std::uint8_t> codes);

}  // namespace waag::convert
