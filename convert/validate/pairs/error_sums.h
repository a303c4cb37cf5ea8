#pragma once

#include <cstdint>
#include <span>

namespace waag::convert {

/// Sums over values and what became of them, in F64. Which value is added to which partial sum
/// follows from its place alone, so a row has the same sums on every machine.
struct ErrorSums {
  double source = 0;   // of squares
  double made = 0;     // of squares
  double product = 0;  // of source times made
  double error = 0;    // of squares
  double largest = 0;  // magnitude in the source
  double largest_error = 0;

  ErrorSums& operator+=(const ErrorSums& other);
};

/// @param source, made  finite, equally many
ErrorSums sums_of(std::span<const float> source, std::span<const float> made);

}  // namespace waag::convert
