#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "protocol/model/gguf_scanner.h"
#include "protocol/model/safetensors_scanner.h"
#include "storage/meta/tensor_map.h"

namespace waag::storage {

/// Finds the tensors of a weight file (safetensors, GGUF) while its header streams by. A file that
/// is none, a malformed header and one whose map takes more than map_bytes_max give no map and no
/// error: the bytes are stored all the same. Holds the map, and nothing of the header.
class TensorTracker {
 public:
  /// Some 30,000 tensors, ten times what files of today have.
  static constexpr std::size_t map_bytes_max = 1u << 20;

  /// The file's next bytes. Does nothing once the header was read or given up.
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
  /// Data that touch and have one type, of however many tensors. Counted from the data's begin.
  struct Run {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    Dtype dtype{Dtype::none};
  };
  using Scanner = std::variant<std::monostate, model::GgufScanner, model::SafetensorsScanner>;

  void choose_scanner();
  template <class AnyScanner>
  void scan(AnyScanner& scanner, ByteView bytes);
  [[nodiscard]] bool add(model::TensorInfo& tensor);
  [[nodiscard]] bool add_run(const Run& run);
  void complete(std::uint64_t data_begin);
  void give_up();
  [[nodiscard]] bool covers(std::uint64_t data_bytes) const;

  bool done_ = false;
  bool complete_ = false;
  bool fills_file_ = false;  // safetensors: the tensors leave no hole up to the file's end
  Bytes magic_;              // until the format is known
  Scanner scanner_;
  std::uint64_t data_begin_ = 0;
  TensorMapWriter map_;
  std::vector<std::uint64_t> name_hashes_;  // until the header is complete
  std::vector<Run> runs_;                   // by begin
};

}  // namespace waag::storage
