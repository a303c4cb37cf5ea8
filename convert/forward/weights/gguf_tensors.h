#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "convert/source/weight_file.h"
#include "protocol/model/tensor.h"

namespace waag::convert {

/// A tensor in a GGUF file.
struct GgufStored {
  model::TensorInfo info;
  std::shared_ptr<const WeightFile> file;

  [[nodiscard]] std::uint64_t columns() const { return info.shape.empty() ? 1 : info.shape.back(); }
};

using GgufTensors = std::map<std::string, GgufStored, std::less<>>;

/// Reads the header of a GGUF file; of the first part of several ("...-00001-of-00003.gguf"), those
/// of all of them.
/// @return Errc::unprocessable, naming the file, if a header breaks a rule, a part is missing, or a
/// tensor is there twice or of a type that is not read here
Result<GgufTensors> open_gguf(const std::filesystem::path& path);

/// Whether a GGUF file, of several parts the first, has an entry of that name in its header.
Result<bool> gguf_has(const std::filesystem::path& path, std::string_view key);

/// Rows of a tensor, dequantized.
/// @param values  whole rows
/// @return Errc::unprocessable if one is not finite, or the file ends early
Status read_gguf_rows(const GgufStored& tensor, std::uint64_t first_row, std::span<float> values);

}  // namespace waag::convert
