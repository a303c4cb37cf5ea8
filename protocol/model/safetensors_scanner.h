#pragma once

#include <map>
#include <memory>
#include <optional>

#include "protocol/bytes.h"
#include "protocol/model/tensor.h"

namespace waag::model {

/// Push parser of a safetensors header that streams by (safetensors_header.h says what it is). Each
/// tensor leaves as soon as it is complete, so it holds a few KiB whatever the header's size.
///
/// The rules are those of parse_safetensors_header but for two that need all tensors at once, which
/// are its caller's: no two of one name, and together they cover the data without a hole.
class SafetensorsScanner {
 public:
  /// @param metadata  takes "__metadata__", must outlive this; nullptr: its texts are only walked
  /// over, and two entries of one name not seen
  explicit SafetensorsScanner(std::map<std::string, std::string>* metadata = nullptr);
  ~SafetensorsScanner();
  SafetensorsScanner(SafetensorsScanner&&) noexcept;
  SafetensorsScanner& operator=(SafetensorsScanner&&) noexcept;

  /// Takes the file's next bytes, from the first one on; those behind the header are ignored.
  /// Appends to `tensors`, in the header's order, what they complete; begin and end count from
  /// data_begin().
  /// @return whether the header is complete. Errc::unprocessable if a rule is broken: to be
  /// dropped
  Result<bool> feed(ByteView bytes, std::vector<TensorInfo>& tensors);
  /// Where the data begin, once that is known: after the first 8 bytes.
  [[nodiscard]] std::uint64_t data_begin() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace waag::model
