#pragma once

#include "convert/quant/lanes/vector/vector.h"

// QKX of FORMATS 3.3: scale and minimum of a sub-block, x ~ scale * L + min with L in 0..levels.
//
// The levels L of the winner are not kept: they follow from its inverse scale and from the minimum
// that it was tried with, and only the few sub-blocks whose rounded scale is 0 need them at all.

namespace waag::convert::lanes {

/// What a type asks of QKX.
struct QkxPlan {
  std::size_t elements;  // of a sub-block
  float levels;          // N
  float first, step;     // rmin, rdelta
  int steps;             // candidates are first + step * 0..steps
  bool absolute;         // the error is |d|, not d * d
};

template <class V>
struct QkxFound {
  typename V::Floats scale, minimum;  // minimum: what is subtracted, >= 0
  typename V::Floats weight_sum;
  /// L = clamp(rn(inverse * (x - base)), 0, N); inverse is 0 where every L is 0.
  typename V::Floats inverse, base;
};

namespace qkx {

template <class V>
struct Range {
  typename V::Floats least, most, weight_sum, weighted_sum;
};

template <class V, std::size_t n>
WAAG_LANE Range<V> range_of(const float* x, const float* w) {
  const auto first = V::load(x);
  const auto weight = V::load(w);
  Range<V> range{first, first, weight, weight * first};
  WAAG_UNROLL(4)
  for (std::size_t i = 1; i < n; ++i) {
    const auto value = V::load(x + i * V::lanes);
    const auto w_i = V::load(w + i * V::lanes);
    range.least = lesser(value, range.least);
    range.most = greater(value, range.most);
    range.weight_sum = range.weight_sum + w_i;
    range.weighted_sum = range.weighted_sum + w_i * value;
  }
  return range;
}

template <class V, bool small>
WAAG_LANE typename V::Floats rounded(typename V::Floats v) {
  if constexpr (small)
    return round_small<V>(v);
  else
    return to_floats(round_any<V>(v));
}

template <class V>
struct Sums {
  typename V::Floats l, l2, xl;  // of w * l, w * l * l, w * l * x
};

/// The levels of one candidate and the sums that its scale and minimum follow from.
template <class V, QkxPlan plan, bool small>
WAAG_LANE Sums<V> levels(const float* x, const float* w, typename V::Floats inverse,
                         typename V::Floats base, float* out) {
  const auto none = V::of(0.0f);
  const auto all = V::of(plan.levels);
  Sums<V> sums{none, none, none};
  WAAG_UNROLL(4)
  for (std::size_t i = 0; i < plan.elements; ++i) {
    const auto value = V::load(x + i * V::lanes);
    const auto l = clamp(rounded<V, small>(inverse * (value - base)), none, all);
    V::store(out + i * V::lanes, l);
    const auto weighted = V::load(w + i * V::lanes) * l;
    sums.l = sums.l + weighted;
    sums.l2 = sums.l2 + weighted * l;
    sums.xl = sums.xl + weighted * value;
  }
  return sums;
}

template <class V, QkxPlan plan>
WAAG_LANE typename V::Floats error_of(const float* x, const float* w, const float* level,
                                      typename V::Floats scale, typename V::Floats base) {
  auto error = V::of(0.0f);
  WAAG_UNROLL(4)
  for (std::size_t i = 0; i < plan.elements; ++i) {
    const auto value = V::load(x + i * V::lanes);
    auto difference = ((scale * V::load(level + i * V::lanes)) + base) - value;
    difference = plan.absolute ? magnitude(difference) : difference * difference;
    error = error + V::load(w + i * V::lanes) * difference;
  }
  return error;
}

/// Whether every lane's products stay where round_small is rn: v grows with x, so the ends decide.
template <class V>
WAAG_LANE bool stays_small(typename V::Floats inverse, typename V::Floats base,
                           const Range<V>& range) {
  const auto limit = V::of(round_limit);
  const auto low = magnitude(inverse * (range.least - base)) < limit;
  const auto high = magnitude(inverse * (range.most - base)) < limit;
  return !any(~(low & high));
}

template <class V, QkxPlan plan>
WAAG_LANE Sums<V> levels_of(const float* x, const float* w, typename V::Floats inverse,
                            typename V::Floats base, const Range<V>& range, float* out) {
  if (__builtin_expect(stays_small<V>(inverse, base, range), 1))
    return levels<V, plan, true>(x, w, inverse, base, out);
  return levels<V, plan, false>(x, w, inverse, base, out);
}

}  // namespace qkx

/// @param x, w  plan.elements vectors each, aligned to 64 bytes
template <class V, QkxPlan plan>
WAAG_DEVICE QkxFound<V> search_qkx(const float* x, const float* w) {
  using Floats = typename V::Floats;
  alignas(64) float level[plan.elements * V::lanes];
  const auto range = qkx::range_of<V, plan.elements>(x, w);
  const Floats none = V::of(0.0f);
  const Floats most = range.most;
  Floats base = lesser(none, range.least);  // a positive minimum is taken as 0
  const auto alive = most > base;
  Floats inverse = V::of(plan.levels) / select(alive, most - base, V::of(1.0f));
  QkxFound<V> found{V::of(1.0f) / inverse, base, range.weight_sum, inverse, base};
  qkx::levels_of<V, plan>(x, w, inverse, base, range, level);
  Floats best = qkx::error_of<V, plan>(x, w, level, found.scale, base);
  for (int k = 0; k <= plan.steps; ++k) {
    const float candidate = (plan.first + plan.step * static_cast<float>(k)) + plan.levels;
    inverse = V::of(candidate) / select(alive, most - base, V::of(1.0f));
    const auto sums = qkx::levels_of<V, plan>(x, w, inverse, base, range, level);
    const Floats d = range.weight_sum * sums.l2 - sums.l * sums.l;
    const auto solvable = alive & (d > none);
    if (!any(solvable)) continue;
    Floats scale = (range.weight_sum * sums.xl - range.weighted_sum * sums.l) / d;
    Floats minimum = (sums.l2 * range.weighted_sum - sums.l * sums.xl) / d;
    const auto positive = minimum > none;
    if (any(positive & solvable)) {
      minimum = select(positive, none, minimum);
      scale = select(positive, sums.xl / sums.l2, scale);
    }
    const Floats error = qkx::error_of<V, plan>(x, w, level, scale, minimum);
    const auto better = solvable & (error < best);
    best = select(better, error, best);
    found.scale = select(better, scale, found.scale);
    found.inverse = select(better, inverse, found.inverse);
    found.base = select(better, base, found.base);
    base = select(better, minimum, base);  // fed back into all later candidates, as there
  }
  found.scale = select(alive, found.scale, none);
  found.inverse = select(alive, found.inverse, none);
  found.minimum = V::of(-1.0f) * base;
  return found;
}

}  // namespace waag::convert::lanes
