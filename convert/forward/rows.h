#pragma once

#include <span>
#include <vector>

#include "convert/forward/kernels/workers.h"

namespace waag::convert {

/// Texts that lie one behind the other in one matrix of a row a token.
struct Texts {
  std::vector<std::uint64_t> starts{0};  // of each text, and the end of the last

  [[nodiscard]] std::uint64_t count() const { return starts.size() - 1; }
  [[nodiscard]] std::uint64_t tokens() const { return starts.back(); }
  [[nodiscard]] std::uint64_t length(std::uint64_t text) const {
    return starts[text + 1] - starts[text];
  }
};

/// Each row of `from`, of weight.size() values, divided by its root mean square and times the
/// weight. May be done in place. Source: FORMATS 6.1.
void normalize_rows(std::span<const float> from, std::span<const float> weight, double epsilon,
                    std::span<float> to);

/// gate = silu(gate) * up, element by element.
Status gate_by_silu(Workers& workers, std::span<float> gate, std::span<const float> up);

void add_to(std::span<float> sums, std::span<const float> values);

/// Adds a bias to each row.
void add_to_rows(std::span<float> rows, std::span<const float> bias);

}  // namespace waag::convert
