#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "protocol/result.h"

namespace waag::convert {

/// A model's weights in F32 under the names of its safetensors source, each expert apart, whatever
/// they are stored in. Reading is thread-safe.
class ModelWeights {
 public:
  virtual ~ModelWeights() = default;
  /// Extents, slowest first; nullopt: there is none of that name.
  [[nodiscard]] virtual std::optional<std::vector<std::uint64_t>> shape(
      std::string_view name) const = 0;
  /// Rows first_row.. of a tensor seen as a matrix of its last extent's columns (one dimension: one
  /// row).
  /// @param values  whole rows
  /// @return Errc::not_found if there is no such tensor; Errc::invalid_argument if it has no such
  /// rows; Errc::unprocessable if a value is not finite or the file ends early
  virtual Status read(std::string_view name, std::uint64_t first_row,
                      std::span<float> values) const = 0;
};

}  // namespace waag::convert
