#pragma once

#include <string>
#include <vector>

#include "protocol/bytes.h"
#include "protocol/model/tensor.h"

namespace waag::convert {

/// A tensor as a pickle describes it: a view of a storage.
struct PickledTensor {
  std::string name;
  model::Dtype dtype{model::Dtype::f32};
  std::string storage_key;
  std::uint64_t storage_elements = 0;
  std::uint64_t offset = 0;  // in elements
  std::vector<std::uint64_t> shape;
  std::vector<std::uint64_t> strides;  // in elements; as many as the shape has extents
};

/// Reads PyTorch's data.pkl: a dict of names and tensors. Nothing is imported or called: of the
/// pickle language the opcodes are understood that such a dict is made of, and of globals
/// torch._utils._rebuild_tensor_v2, collections.OrderedDict and the seven torch.*Storage of
/// FORMATS 1.4. Takes time and memory in proportion to the pickle's length, which is bounded.
/// @return Errc::unprocessable, naming the opcode or the global, for anything else: a second
/// pickle, bytes behind it, a value that is no tensor
/// Source: Python's pickletools.py; torch/_utils.py, torch/serialization.py.
Result<std::vector<PickledTensor>> read_pickled_tensors(ByteView pickle);

/// Largest data.pkl. Ours: one with 100,000 tensors has 20 MB.
inline constexpr std::uint64_t pickle_bytes_max = 64u << 20;

}  // namespace waag::convert
