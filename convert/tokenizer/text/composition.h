#pragma once

#include <string>
#include <string_view>

#include "protocol/result.h"

namespace waag::convert {

/// Combining marks in a row: putting them in order takes time that grows with the square. Unicode's
/// own stream-safe form has 30.
inline constexpr std::size_t marks_in_a_row_max = 4096;

/// The text in Unicode's composed form, NFC, as huggingface's library makes it: for the characters
/// of Unicode 9; younger marks stay where they are.
/// @param text  UTF-8
/// @return Errc::unprocessable if there are more than marks_in_a_row_max
/// Source: UAX #15; unicode-normalization-alignments 0.1.12, compared letter by letter.
Result<std::string> composed(std::string_view text);

}  // namespace waag::convert
