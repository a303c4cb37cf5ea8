#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/bytes.h"
#include "storage/pack/location.h"

namespace waag::storage {

/// One tensor of a weight file. `begin` and `end` are offsets in the whole file.
struct TensorSpan {
  std::string name;  // <= tensor_name_bytes_max
  Dtype dtype{Dtype::none};
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  bool operator==(const TensorSpan&) const = default;
};

/// The tensors of a weight file in file order.
struct TensorMap {
  std::vector<TensorSpan> tensors;
  bool operator==(const TensorMap&) const = default;
};

inline constexpr std::size_t tensor_name_bytes_max = 512;

/// Writes a TensorMap row tensor by tensor, in whatever order they come. Neighbours in a header
/// have long names that are almost the same, so a name is kept as what differs from the one before:
/// some 25 bytes a tensor.
class TensorMapWriter {
 public:
  /// @param tensor  begin and end counted from where the data begin
  void add(const TensorSpan& tensor);
  [[nodiscard]] std::size_t size_bytes() const { return packed_.bytes().size(); }
  /// @param data_begin  offset in the file
  [[nodiscard]] std::string row(std::uint64_t data_begin) const;

 private:
  ByteWriter packed_;
  std::uint64_t count_ = 0;
  std::string last_name_;
  std::uint64_t last_end_ = 0;
};

/// Errc::corrupt unless `value` is what TensorMapWriter writes.
Result<TensorMap> decode_tensor_map(std::string_view value);

}  // namespace waag::storage
