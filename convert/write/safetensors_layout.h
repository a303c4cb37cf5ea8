#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "protocol/model/tensor.h"
#include "protocol/result.h"

namespace waag::convert {

/// A tensor that is to be written.
struct TensorToWrite {
  std::string name;
  model::Dtype dtype{model::Dtype::f32};
  std::vector<std::uint64_t> shape;  // slowest dimension first
};

/// A file of weights: `header`, then the tensors' bytes without holes.
struct PlannedFile {
  std::string name;    // "model.safetensors", "model-00001-of-00007.safetensors"
  std::string header;  // the file's first bytes, up to the first tensor's
  std::uint64_t size_bytes = 0;
  std::vector<model::TensorInfo> tensors;  // as in the file; begin and end count from its start
};

/// Where every tensor of a model goes. All of it is known before any weight is: headers can be
/// written first, and tensors then in any order (FORMATS 1.1, 1.3; trap 23).
struct SafetensorsLayout {
  std::vector<PlannedFile> files;
  std::string index_json;  // the text of model.safetensors.index.json; empty if one file holds all

  struct Place {
    std::size_t file = 0;    // of `files`
    std::size_t tensor = 0;  // of that file's tensors
  };
  std::map<std::string, Place, std::less<>> places;  // by the tensor's name
};

inline constexpr std::string_view safetensors_index_name = "model.safetensors.index.json";
/// As transformers splits, so that a file is still a reasonable download.
inline constexpr std::uint64_t weight_file_bytes_default = 5'000'000'000;

/// Lays tensors out as the reference writer does: files are filled in the order given, within a
/// file tensors stand by descending rank of their type, then by name; the header is padded to 8.
///
/// @param file_bytes_max  of a file's tensors; a larger tensor has a file of its own
/// @return Errc::invalid_argument if there are no tensors or too many for their files' names, if
/// two have one name, or a name, type, shape or header is one that readers refuse (FORMATS 1.2)
/// Source: huggingface/safetensors, src/tensor.rs prepare().
Result<SafetensorsLayout> lay_out_safetensors(
    std::vector<TensorToWrite> tensors, std::uint64_t file_bytes_max = weight_file_bytes_default);

}  // namespace waag::convert
