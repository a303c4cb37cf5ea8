#include "convert/forward/rows.h"

#include <algorithm>
#include <cmath>

namespace waag::convert {

void normalize_rows(std::span<const float> from, std::span<const float> weight, double epsilon,
                    std::span<float> to) {
  const auto size = weight.size();
  for (std::size_t row = 0; row + size <= from.size(); row += size) {
    double squares = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const auto value = static_cast<double>(from[row + i]);
      squares += value * value;
    }
    const auto factor =
        static_cast<float>(1 / std::sqrt(squares / static_cast<double>(size) + epsilon));
    for (std::size_t i = 0; i < size; ++i) to[row + i] = weight[i] * (from[row + i] * factor);
  }
}

Status gate_by_silu(Workers& workers, std::span<float> gate, std::span<const float> up) {
  constexpr std::size_t step = 1u << 14;
  return workers.each((gate.size() + step - 1) / step, [&](std::uint64_t piece) {
    const auto end = std::min(gate.size(), (piece + 1) * step);
    for (std::size_t i = piece * step; i < end; ++i)
      gate[i] = gate[i] / (1 + std::exp(-gate[i])) * up[i];
    return ok();
  });
}

void add_to(std::span<float> sums, std::span<const float> values) {
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += values[i];
}

void add_to_rows(std::span<float> rows, std::span<const float> bias) {
  for (std::size_t row = 0; row + bias.size() <= rows.size(); row += bias.size())
    add_to(rows.subspan(row, bias.size()), bias);
}

}  // namespace waag::convert
