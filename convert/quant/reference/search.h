#pragma once

#include <span>

// The searches for a scale that the K-quants, the IQ4 types and the legacy types with an imatrix
// share (FORMATS 3.3). Each finds a scale (and a minimum) for a few elements, and the level of each
// element, under a weighted error. All spans of one call have one size, at most elements_max.

namespace waag::convert::reference {

inline constexpr std::size_t search_elements_max = 32;

/// x ~ scale * (level - half), levels in [0, 2 * half): one candidate for each of 19 starts, the
/// scale by least squares. "QX".
/// @return the scale, of either sign; 0 (and levels 0) for a block of zeros
float search_symmetric(std::span<const float> x, std::span<const float> weights, int half,
                       std::span<int> levels);

/// As search_symmetric with half 4 and weights x * x, but from one start whose levels are then
/// changed one by one as long as that helps. "Q3S".
float sweep_symmetric(std::span<const float> x, std::span<int> levels);

struct Affine {
  float scale = 0;
  float minimum = 0;  // what is subtracted; >= 0
};

/// The starts of search_affine: (first + step * k + levels_max) / range for k = 0 .. last, and
/// whether the error is the absolute one or the square.
struct AffineSteps {
  float first = 0;
  float step = 0;
  int last = 0;
  bool absolute = false;
};

/// The steps that every type takes with an imatrix.
inline constexpr AffineSteps weighted_steps{-0.9f, 0.05f, 36, false};

/// x ~ scale * level - minimum, levels in [0, levels_max]. "QKX".
Affine search_affine(std::span<const float> x, std::span<const float> weights, int levels_max,
                     const AffineSteps& steps, std::span<int> levels);

/// x ~ scale * level for x >= 0, levels in [0, levels_max]: the scales of sub-blocks. "QP".
float search_positive(std::span<const float> x, std::span<const float> weights, int levels_max,
                      std::span<int> levels);

}  // namespace waag::convert::reference
