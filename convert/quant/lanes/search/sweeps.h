#pragma once

#include "convert/quant/lanes/search/qx.h"
#include "convert/quant/lanes/vector/vector.h"

// The two searches of FORMATS 3.3 that improve one level at a time: Q3S and QP. Each lane sweeps
// until one of its sweeps changes nothing; the others go on without it, and five sweeps are the
// most.

namespace waag::convert::lanes {

inline constexpr int sweeps_max = 5;

template <class V>
struct SweepSums {
  typename V::Floats lx, l2;  // Sx, S2
};

/// One level's step of a sweep over the levels -4..3.
/// @param l  the level, replaced where a lane accepts
/// @return   the lanes that did
template <class V>
WAAG_LANE typename V::Mask q3s_step(typename V::Floats x, typename V::Mask active,
                                    SweepSums<V>& sums, float* l) {
  const auto none = V::of(0.0f);
  const auto w = x * x;
  const auto wx = w * x;
  const auto old = V::load(l);
  auto a = sums.lx - wx * old;
  auto b = sums.l2 - (w * old) * old;
  const auto possible = active & (a > none);
  auto next = to_floats(round_any<V>((x * b) / a));
  next = clamp(next, V::of(-4.0f), V::of(3.0f));
  const auto changed = possible & (next != old);
  if (!any(changed)) return changed;
  a = a + wx * next;
  b = b + (w * next) * next;
  const auto accepted = changed & (b > none) & ((a * a) * sums.l2 > (sums.lx * sums.lx) * b);
  V::store(l, select(accepted, next, old));
  sums.lx = select(accepted, a, sums.lx);
  sums.l2 = select(accepted, b, sums.l2);
  return accepted;
}

/// Q3S over sub-blocks of 16.
/// @param level  16 vectors: the levels 0..7 that are kept where the rounded scale is 0
template <class V>
WAAG_DEVICE typename V::Floats search_q3s(const float* x, float* level) {
  constexpr std::size_t n = 16;
  const auto largest = largest_of<V, n>(x);
  const auto none = V::of(0.0f);
  const auto dead = largest.magnitude < V::of(tiny_group);
  const auto inverse = V::of(-4.0f) / select(dead, V::of(1.0f), largest.value);
  SweepSums<V> sums{none, none};
  for (std::size_t i = 0; i < n; ++i) {
    const auto value = V::load(x + i * V::lanes);
    const auto w = value * value;
    const auto l = clamp(round_small<V>(inverse * value), V::of(-4.0f), V::of(3.0f));
    V::store(level + i * V::lanes, l);
    sums.lx = sums.lx + (w * value) * l;
    sums.l2 = sums.l2 + (w * l) * l;
  }
  auto active = ~dead;
  for (int sweep = 0; sweep < sweeps_max && any(active); ++sweep) {
    auto changed = none > none;
    for (std::size_t i = 0; i < n; ++i) {
      float* l = level + i * V::lanes;
      changed = changed | q3s_step<V>(V::load(x + i * V::lanes), active, sums, l);
    }
    active = changed;
  }
  for (std::size_t i = 0; i < n; ++i) {
    float* l = level + i * V::lanes;
    V::store(l, select(dead, none, V::load(l) + V::of(4.0f)));
  }
  return select(dead | ~(sums.l2 > none), none, sums.lx / sums.l2);
}

/// The level of QP for one inverse scale, at most `levels`. The values are scales, which may have
/// become Inf where the weights are near the end of binary32: round_any.
template <class V>
WAAG_LANE typename V::Floats qp_level(typename V::Floats inverse, typename V::Floats x,
                                      float levels) {
  return lesser(to_floats(round_any<V>(inverse * x)), V::of(levels));
}

template <class V, std::size_t n, bool limited>
WAAG_LANE typename V::Floats qp_error(const float* x, const float* w, typename V::Floats inverse,
                                      float levels) {
  const auto scale = V::of(1.0f) / inverse;
  auto error = V::of(0.0f);
  for (std::size_t i = 0; i < n; ++i) {
    const auto value = V::load(x + i * V::lanes);
    auto l = to_floats(round_any<V>(inverse * value));
    if constexpr (limited) l = lesser(l, V::of(levels));
    const auto difference = value - scale * l;
    error = error + (V::load(w + i * V::lanes) * difference) * difference;
  }
  return error;
}

/// One level's step of a sweep of QP. A level is a byte there, so what wraps below 0 is cut.
template <class V>
WAAG_LANE typename V::Mask qp_step(typename V::Floats x, typename V::Floats w,
                                   typename V::Mask active, float levels, SweepSums<V>& sums,
                                   float* l) {
  const auto none = V::of(0.0f);
  const auto wx = w * x;
  const auto old = V::load(l);
  auto a = sums.lx - wx * old;
  auto b = sums.l2 - (w * old) * old;
  const auto possible = active & (a > none) & (b > none);
  const auto whole = lesser(round_any<V>((x * b) / a), V::of(static_cast<std::int32_t>(levels)));
  const auto next = to_floats(whole);
  const auto changed = possible & (next != old);
  a = a + wx * next;
  b = b + (w * next) * next;
  const auto accepted = changed & ((a * a) * sums.l2 > (sums.lx * sums.lx) * b);
  V::store(l, select(accepted, to_floats(whole & V::of(0xff)), old));
  sums.lx = select(accepted, a, sums.lx);
  sums.l2 = select(accepted, b, sums.l2);
  return accepted;
}

/// QP over n values >= 0 a lane.
/// @param level  n vectors: the levels 0..levels
/// @return       the scale
template <class V, std::size_t n, int levels_max>
WAAG_DEVICE typename V::Floats search_qp(const float* x, const float* w, float* level) {
  constexpr float levels = static_cast<float>(levels_max);
  const auto none = V::of(0.0f);
  auto most = none;
  for (std::size_t i = 0; i < n; ++i) most = greater(most, V::load(x + i * V::lanes));
  const auto dead = most < V::of(tiny_group);
  most = select(dead, V::of(1.0f), most);
  auto inverse = V::of(levels) / most;
  auto best = qp_error<V, n, false>(x, w, inverse, levels);
  for (int k = -4; k <= 4; ++k) {
    if (k == 0) continue;
    const auto candidate = V::of(0.1f * static_cast<float>(k) + levels) / most;
    const auto error = qp_error<V, n, true>(x, w, candidate, levels);
    const auto better = error < best;
    best = select(better, error, best);
    inverse = select(better, candidate, inverse);
  }
  SweepSums<V> sums{none, none};
  for (std::size_t i = 0; i < n; ++i) {
    const auto value = V::load(x + i * V::lanes);
    const auto w_i = V::load(w + i * V::lanes);
    const auto l = qp_level<V>(inverse, value, levels);
    V::store(level + i * V::lanes, l);
    sums.lx = sums.lx + (w_i * value) * l;
    sums.l2 = sums.l2 + (w_i * l) * l;
  }
  auto active = ~dead;
  for (int sweep = 0; sweep < sweeps_max && any(active); ++sweep) {
    auto changed = none > none;
    for (std::size_t i = 0; i < n; ++i)
      changed = changed | qp_step<V>(V::load(x + i * V::lanes), V::load(w + i * V::lanes), active,
                                     levels, sums, level + i * V::lanes);
    active = changed;
  }
  for (std::size_t i = 0; i < n; ++i)
    V::store(level + i * V::lanes, select(dead, none, V::load(level + i * V::lanes)));
  return select(dead | ~(sums.l2 > none), none, sums.lx / sums.l2);
}

}  // namespace waag::convert::lanes
