#pragma once

#include <array>

#include "tests/convert/quant/sample_rows.h"

// Importances that a search has to get through: zeros, the ends of binary32, and all between.

namespace waag::convert::testing {

struct ImportanceKind {
  const char* name;
  float (*weight)(std::uint64_t column, std::uint64_t word);
};

inline constexpr std::array importance_kinds{
    ImportanceKind{"none counts", [](std::uint64_t, std::uint64_t) { return 0.0f; }},
    ImportanceKind{"one in 64 counts",
                   [](std::uint64_t column, std::uint64_t) { return column % 64 == 7 ? 3.0f : 0; }},
    ImportanceKind{"like the sample's",
                   [](std::uint64_t, std::uint64_t word) {
                     return word >> 60 == 0 ? 0.0f : static_cast<float>(word & 0xffffff) * 0x1p-20f;
                   }},
    ImportanceKind{"heavy tails",
                   [](std::uint64_t, std::uint64_t word) {
                     return std::ldexp(1.0f + std::fabs(bell(word)),
                                       static_cast<int>(word >> 8 & 63) - 32);
                   }},
    // Below the least normal number: every product loses bits or becomes 0.
    ImportanceKind{"tiny",
                   [](std::uint64_t, std::uint64_t word) {
                     return std::bit_cast<float>(static_cast<std::uint32_t>(word & 0x7fffff));
                   }},
    // Sums become Inf and NaN.
    ImportanceKind{"huge",
                   [](std::uint64_t, std::uint64_t word) {
                     return std::bit_cast<float>(static_cast<std::uint32_t>(word & 0x7fffff) |
                                                 0x7f000000u);
                   }},
    // The bits of any number >= 0: a few dozen of them meet in each block.
    ImportanceKind{"any number",
                   [](std::uint64_t, std::uint64_t word) {
                     const auto bits = static_cast<std::uint32_t>(word) & 0x7fffffffu;
                     return bits >= 0x7f800000u ? 1.0f : std::bit_cast<float>(bits);
                   }},
    // In turn a block of zeros, of tiny, of huge and of usual ones: of one row, and one sigma.
    ImportanceKind{"blocks apart",
                   [](std::uint64_t column, std::uint64_t word) {
                     constexpr std::array sizes{0.0f, 0x1p-140f, 0x1p+100f, 1.0f};
                     return sizes[column / 32 % 4] * static_cast<float>(word & 0xff);
                   }},
};

inline std::vector<float> importance_of(const ImportanceKind& kind, std::uint64_t columns) {
  std::vector<float> out(columns);
  for (std::uint64_t i = 0; i < columns; ++i) out[i] = kind.weight(i, sample_word(weights, i));
  return out;
}

}  // namespace waag::convert::testing
