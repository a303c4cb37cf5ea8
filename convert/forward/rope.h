#pragma once

#include <span>
#include <vector>

#include "convert/arch/architecture.h"

namespace waag::convert {

/// Rotary positions of the last `2 * frequencies.size()` values of a head.
struct Rope {
  std::vector<double> frequencies;  // radians a position, of each pair
  float magnitude = 1;              // what cosine and sine are multiplied with
  bool is_paired = false;           // neighbours are a pair; else one of each half
};

/// @param size  values of a head that are rotated
/// @return Errc::unprocessable for a scaling that is not known, or factors that make none
/// Source: FORMATS 6.2-6.4; transformers 5, modeling_rope_utils.py (linear).
Result<Rope> read_rope(const RopeConfig& config, double default_theta, std::uint64_t size);

/// 0.1 m ln(factor) + 1: how much yarn's longer contexts sharpen attention. 1 up to a factor of 1.
double yarn_scale(double factor, double m);

/// Cosines and sines of the positions [0, count).
class Rotations {
 public:
  Rotations(const Rope& rope, std::uint64_t count);
  /// Turns the values of one head by its position.
  void turn(std::uint64_t position, std::span<float> values) const;

 private:
  std::size_t pairs_;
  bool is_paired_;
  std::vector<float> cosines_;  // count x pairs
  std::vector<float> sines_;
};

}  // namespace waag::convert
