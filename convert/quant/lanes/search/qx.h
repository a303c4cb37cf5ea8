#pragma once

#include "convert/quant/lanes/vector/iq4_values.h"
#include "convert/quant/lanes/vector/vector.h"

// QX of FORMATS 3.3 (a signed scale, x ~ scale * l with l in -N..N-1) and the search of IQ4_NL and
// IQ4_XS, which is the same over a table of values.

namespace waag::convert::lanes {

/// Below it the largest magnitude of a sub-block counts as zero.
inline constexpr float tiny_group = 1e-15f;

/// The value of largest magnitude, the earliest where several have it; 0 where all are.
template <class V>
struct Largest {
  typename V::Floats magnitude, value;
};

template <class V, std::size_t n>
WAAG_LANE Largest<V> largest_of(const float* x) {
  Largest<V> largest{V::of(0.0f), V::of(0.0f)};
  WAAG_UNROLL(4)
  for (std::size_t i = 0; i < n; ++i) {
    const auto value = V::load(x + i * V::lanes);
    const auto size = magnitude(value);
    largest.value = select(size > largest.magnitude, value, largest.value);
    largest.magnitude = greater(size, largest.magnitude);
  }
  return largest;
}

template <class V>
struct QxFound {
  typename V::Floats scale;
  /// l = clamp(rn(inverse * x), -N, N - 1); inverse is NaN where the sub-block counts as zero.
  typename V::Floats inverse;
};

template <class V>
struct QxSums {
  typename V::Floats lx, l2;  // of w * x * l, w * l * l
};

/// @tparam finite  every x is: then |inverse * x| <= N + 0.9, where round_small is rn
template <class V, std::size_t n, int levels, bool finite>
WAAG_LANE QxSums<V> qx_sums(const float* x, const float* w, const float* wx,
                            typename V::Floats inverse) {
  const auto low = V::of(static_cast<float>(-levels));
  const auto high = V::of(static_cast<float>(levels - 1));
  QxSums<V> sums{V::of(0.0f), V::of(0.0f)};
  WAAG_UNROLL(4)
  for (std::size_t i = 0; i < n; ++i) {
    const auto v = inverse * V::load(x + i * V::lanes);
    const auto rounded = finite ? round_small<V>(v) : to_floats(round_any<V>(v));
    const auto l = clamp(rounded, low, high);
    sums.lx = sums.lx + V::load(wx + i * V::lanes) * l;
    sums.l2 = sums.l2 + (V::load(w + i * V::lanes) * l) * l;
  }
  return sums;
}

/// @tparam levels  N
/// @tparam finite  no x is Inf or NaN
template <class V, std::size_t n, int levels, bool finite = true>
WAAG_DEVICE QxFound<V> search_qx(const float* x, const float* w) {
  using Floats = typename V::Floats;
  alignas(64) float wx[n * V::lanes];
  for (std::size_t i = 0; i < n; ++i)
    V::store(wx + i * V::lanes, V::load(w + i * V::lanes) * V::load(x + i * V::lanes));
  const auto largest = largest_of<V, n>(x);
  const Floats none = V::of(0.0f);
  const auto dead = largest.magnitude < V::of(tiny_group);
  const Floats most = select(dead, V::of(1.0f), largest.value);
  QxFound<V> found;
  found.inverse = V::of(static_cast<float>(-levels)) / most;
  auto sums = qx_sums<V, n, levels, finite>(x, w, wx, found.inverse);
  found.scale = select(sums.l2 != none, sums.lx / sums.l2, none);
  Floats best = found.scale * sums.lx;
  for (int k = -9; k <= 9; ++k) {
    if (k == 0) continue;
    const float candidate = -(static_cast<float>(levels) + 0.1f * static_cast<float>(k));
    const Floats inverse = V::of(candidate) / most;
    sums = qx_sums<V, n, levels, finite>(x, w, wx, inverse);
    const auto better = (sums.l2 > none) & (sums.lx * sums.lx > best * sums.l2);
    if (!any(better)) continue;
    found.inverse = select(better, inverse, found.inverse);
    found.scale = select(better, sums.lx / sums.l2, found.scale);
    best = select(better, found.scale * sums.lx, best);
  }
  found.scale = select(dead, none, found.scale);
  found.inverse = select(dead, V::of(__builtin_nanf("")), found.inverse);
  return found;
}

template <class V, std::size_t n>
WAAG_LANE QxSums<V> iq4_sums(const float* x, const float* w, typename V::Floats inverse) {
  QxSums<V> sums{V::of(0.0f), V::of(0.0f)};
  WAAG_UNROLL(2)
  for (std::size_t i = 0; i < n; ++i) {
    const auto value = V::load(x + i * V::lanes);
    const auto q = iq4_value(inverse * value);
    const auto weighted = V::load(w + i * V::lanes) * q;
    sums.lx = sums.lx + weighted * value;
    sums.l2 = sums.l2 + weighted * q;
  }
  return sums;
}

/// The scale of each sub-block of n.
template <class V, std::size_t n>
WAAG_DEVICE typename V::Floats search_iq4(const float* x, const float* w) {
  using Floats = typename V::Floats;
  const auto largest = largest_of<V, n>(x);
  const Floats none = V::of(0.0f);
  const auto dead = largest.magnitude < V::of(tiny_group);
  const Floats most = select(dead, V::of(1.0f), largest.value);
  Floats inverse = V::of(1.0f) / ((none - most) / V::of(iq4_value_at(0)));
  auto sums = iq4_sums<V, n>(x, w, inverse);
  Floats scale = select(sums.l2 > none, sums.lx / sums.l2, none);
  Floats best = scale * sums.lx;
  for (int k = -7; k <= 7; ++k) {
    inverse = V::of(static_cast<float>(k) + iq4_value_at(0)) / most;
    sums = iq4_sums<V, n>(x, w, inverse);
    const auto better = (sums.l2 > none) & (sums.lx * sums.lx > best * sums.l2);
    if (!any(better)) continue;
    scale = select(better, sums.lx / sums.l2, scale);
    best = select(better, scale * sums.lx, best);
  }
  return select(dead, none, scale);
}

}  // namespace waag::convert::lanes
