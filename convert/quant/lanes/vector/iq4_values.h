#pragma once

#include "convert/quant/lanes/vector/vector.h"

// The 16 values of IQ4 and the middles between them: what lies on a middle takes the upper value.
// The reference compares two differences instead; near a middle both are exact (the values are
// small whole numbers), so it is the same. Functions, because a device has no arrays of the host.

namespace waag::convert::lanes {

/// @param i  0..15
WAAG_LANE constexpr float iq4_value_at(int i) {
  constexpr float values[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                1,    13,   25,  38,  53,  69,  89,  113};
  return values[i];
}
/// Between the values i and i + 1.
/// @param i  0..14
WAAG_LANE constexpr float iq4_middle_at(int i) {
  constexpr float middles[15] = {-115.5f, -93.5f, -74.0f, -57.0f, -42.0f, -28.5f, -16.0f, -4.5f,
                                 7.0f,    19.0f,  31.5f,  45.5f,  61.0f,  79.0f,  101.0f};
  return middles[i];
}

/// Each stretch of eight around a multiple of 8 holds one middle at most. By multiple / 8 mod 32:
/// that middle (above all where there is none), and the values below and above it.
struct Iq4Stretches {
  alignas(64) float middle[32];
  alignas(64) float below[32];
  alignas(64) float above[32];
};
inline constexpr float iq4_stretch = 8.0f;
/// Beyond it lie no middles; the last stretch holds it.
inline constexpr float iq4_reach = 123.0f;

consteval Iq4Stretches iq4_stretches() {
  Iq4Stretches out{};
  for (int stretch = -16; stretch < 16; ++stretch) {
    const float low = static_cast<float>(stretch) * iq4_stretch - iq4_stretch / 2;
    int passed = 0;
    while (passed < 15 && iq4_middle_at(passed) < low) ++passed;
    const bool holds = passed < 15 && iq4_middle_at(passed) < low + iq4_stretch;
    const int at = stretch & 31;
    out.middle[at] = holds ? iq4_middle_at(passed) : 1e30f;
    out.below[at] = iq4_value_at(passed);
    out.above[at] = iq4_value_at(passed < 15 ? passed + 1 : passed);
  }
  return out;
}

/// The place of the nearest of the values; of NaN the last.
template <class V>
WAAG_LANE typename V::Ints iq4_index(typename V::Floats x) {
  auto index = V::of(0);
  WAAG_UNROLL(15)
  for (int i = 0; i < 15; ++i) index = select(x < V::of(iq4_middle_at(i)), index, V::of(i + 1));
  return index;
}

}  // namespace waag::convert::lanes
