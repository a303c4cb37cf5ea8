#pragma once

#include <optional>
#include <vector>

#include "storage/meta/blob_rows.h"

namespace waag::storage {

/// Finds the tensors of a weight file (safetensors, GGUF) from its first bytes while they stream
/// by. A file that is none, a malformed header and one larger than head_bytes_max give no map and
/// no error: the bytes are stored all the same. Holds at most head_bytes_max of the file, and its
/// map.
class TensorTracker {
 public:
  static constexpr std::size_t head_bytes_max = 1u << 20;

  /// The file's next bytes. Does nothing once the header was parsed or given up.
  void feed(ByteView bytes);

  struct Element {
    Dtype dtype{Dtype::none};
    std::uint8_t phase = 0;  // offset of the stretch's first byte within an element
  };
  /// Type of the tensor in which the middle of [begin, end) lies; `none` if unknown.
  [[nodiscard]] Element at(std::uint64_t begin, std::uint64_t end) const;

  /// The encoded TensorMap row; nullopt if there is none or it does not fit a file of `size_bytes`.
  [[nodiscard]] std::optional<std::string> row(std::uint64_t size_bytes) const;

 private:
  struct Span {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    Dtype dtype{Dtype::none};
  };
  void parse();
  void take(const TensorMap& map);

  bool done_ = false;
  bool fills_file_ = false;  // safetensors: the last tensor ends where the file does
  Bytes head_;
  std::size_t wanted_bytes_ = 8;  // of the head before parsing is tried again
  std::vector<Span> spans_;       // by begin
  std::string row_;
};

/// The tensors of a header at the front of a file. Errc::unprocessable if it is no good header;
/// nullopt if `front` is too short, `wanted_bytes` then says how much is needed.
/// @param size_bytes  of the file; nullopt if not known yet
Result<std::optional<TensorMap>> parse_tensor_map(ByteView front,
                                                  std::optional<std::uint64_t> size_bytes,
                                                  std::uint64_t& wanted_bytes);

}  // namespace waag::storage
