#pragma once

#include <cmath>
#include <vector>

#include "tests/vectors/split_mix.h"

namespace waag::convert::testing {

/// The weight that tests/harness/oracles/linear_vectors.py makes: rows of 24-bit values in eight
/// magnitudes; row 3 is zero, as is the first half of row 5.
inline std::vector<float> linear_weight(std::size_t rows, std::size_t columns) {
  test::SplitMix words(1);
  std::vector<float> values;
  values.reserve(rows * columns);
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t column = 0; column < columns; ++column) {
      const auto integer = static_cast<std::int32_t>(words.next() >> 40) - (1 << 23);
      const bool zero = row == 3 || (row == 5 && column < columns / 2);
      values.push_back(
          zero ? 0.0f : std::ldexp(static_cast<float>(integer), static_cast<int>(row % 8) - 32));
    }
  return values;
}

}  // namespace waag::convert::testing
