#pragma once

#include "convert/gpu/lane.h"
#include "convert/quant/floats.h"
#include "convert/quant/linear/linear_format.h"

// How a team of threads quantizes one unit of a format of linear_format.h: the values that share a
// scale. As the block kernels (block_kernels.h) in steps with barriers between them, with
//
//   K::units(rows, columns)   how many units a tile of rows has
//
// in place of K::elements and K::bytes. The definition is quantize_linear.cc.

namespace waag::convert::gpu {

/// One unit of a tile.
struct LinearUnit {
  const float* x;  // of the tile: rows x columns
  std::uint64_t rows, columns, index;
  float global_scale;  // of nvfp4
  model::Dtype scale_dtype;
  std::uint8_t* codes;
  std::uint8_t* scales;
};

WAAG_LANE float quotient(float x, float by) { return (Lane::of(x) / Lane::of(by)).v; }
WAAG_LANE float larger(float x, float y) { return x > y ? x : y; }

/// A scale in its type, at place `index`; yields what is stored: never 0, never infinite.
WAAG_LANE float store_linear_scale(float scale, model::Dtype dtype, std::uint8_t* scales,
                                   std::uint64_t index) {
  if (dtype == model::Dtype::f32) {
    const float stored = scale == 0 ? 0x1p-23f : scale;
    __builtin_memcpy(scales + 4 * index, &stored, sizeof(stored));
    return stored;
  }
  constexpr float half_max = 65504.0f;
  const bool half = dtype == model::Dtype::f16;
  std::uint16_t code =
      half ? float_to_half(scale < half_max ? scale : half_max) : float_to_bfloat(scale);
  if (code == 0) code = half ? float_to_half(0x1p-10f) : float_to_bfloat(0x1p-7f);
  __builtin_memcpy(scales + 2 * index, &code, sizeof(code));
  return half ? half_to_float(code) : bfloat_to_float(code);
}

/// Rounded to nearest even, in the low bits of two's complement.
WAAG_LANE std::uint32_t rounded_between(float x, float low, float high) {
  const float above = x < low ? low : x;
  const float value = above > high ? high : above;
  return __builtin_bit_cast(std::uint32_t, (Lane::of(value) + Lane::of(lanes::round_shift)).v);
}

/// Ties go to the even code.
WAAG_LANE int e2m1_code(float x) {
  const float magnitude = __builtin_fabsf(x);
  const int code = (magnitude > 0.25f) + (magnitude >= 0.75f) + (magnitude > 1.25f) +
                   (magnitude >= 1.75f) + (magnitude > 2.5f) + (magnitude >= 3.5f) +
                   (magnitude > 5.0f);
  return code | (x < 0 ? 8 : 0);
}

struct Fp8Code {
  static constexpr float half_range = 448.0f;
  static WAAG_LANE std::uint8_t of(float x) { return float_to_e4m3(x); }
};
struct Int8Code {
  static constexpr float half_range = 127.5f;
  static WAAG_LANE std::uint8_t of(float x) {
    return static_cast<std::uint8_t>(rounded_between(x, -128.0f, 127.0f));
  }
};

inline constexpr unsigned linear_team = 32;

/// What each thread found, and what came of it.
struct LinearState {
  float most[linear_team];
  float scale;
};

WAAG_LANE float largest_of_team(const LinearState& state) {
  float most = 0;
  for (unsigned lane = 0; lane < linear_team; ++lane) most = larger(state.most[lane], most);
  return most;
}

/// A code a byte, a scale for each rectangle of at most `extent` rows and columns; 0: for each row.
template <class Code, std::uint64_t extent>
struct CodeUnits {
  static constexpr unsigned team = linear_team;
  static constexpr int phases = 3;
  using State = LinearState;

  static WAAG_DEVICE constexpr std::uint64_t across(std::uint64_t columns) {
    return extent == 0 ? 1 : (columns + extent - 1) / extent;
  }
  static WAAG_DEVICE constexpr std::uint64_t units(std::uint64_t rows, std::uint64_t columns) {
    return extent == 0 ? rows : (rows + extent - 1) / extent * across(columns);
  }

  template <int p>
  static WAAG_LANE void phase(unsigned lane, State& state, const LinearUnit& unit) {
    if constexpr (p == 0) {
      float most = 0;
      for_each(lane, unit,
               [&](std::uint64_t at) { most = larger(__builtin_fabsf(unit.x[at]), most); });
      state.most[lane] = most;
    }
    if constexpr (p == 1)
      if (lane == 0)
        state.scale = store_linear_scale(quotient(largest_of_team(state), Code::half_range),
                                         extent == 0 ? unit.scale_dtype : model::Dtype::f32,
                                         unit.scales, unit.index);
    if constexpr (p == 2)
      for_each(lane, unit, [&](std::uint64_t at) {
        unit.codes[at] = Code::of(quotient(unit.x[at], state.scale));
      });
  }

 private:
  /// The places of a thread: threads read side by side.
  template <class Do>
  static WAAG_LANE void for_each(unsigned lane, const LinearUnit& unit, Do what) {
    const auto wide = across(unit.columns);
    const auto first_row = extent == 0 ? unit.index : unit.index / wide * extent;
    const auto first = extent == 0 ? 0 : unit.index % wide * extent;
    const auto past = [](std::uint64_t begin, std::uint64_t size, std::uint64_t all) {
      return begin + size < all ? begin + size : all;
    };
    const auto past_row = past(first_row, extent == 0 ? 1 : extent, unit.rows);
    const auto past_column = extent == 0 ? unit.columns : past(first, extent, unit.columns);
    for (std::uint64_t row = first_row; row < past_row; ++row)
      for (std::uint64_t column = first + lane; column < past_column; column += team)
        what(row * unit.columns + column);
  }
};

using Fp8RowUnits = CodeUnits<Fp8Code, 0>;
using Int8RowUnits = CodeUnits<Int8Code, 0>;
using Fp8BlockUnits = CodeUnits<Fp8Code, fp8_block_extent>;

/// 4-bit integers, two a byte; rows are whole groups, so that the groups of all are one run.
struct W4a16Units {
  static constexpr unsigned team = linear_team;
  static constexpr std::uint64_t each = w4a16_group / team;  // values of a thread
  static_assert(each % 2 == 0);
  static constexpr int phases = 3;
  using State = LinearState;

  static WAAG_DEVICE constexpr std::uint64_t units(std::uint64_t rows, std::uint64_t columns) {
    return rows * (columns / w4a16_group);
  }

  template <int p>
  static WAAG_LANE void phase(unsigned lane, State& state, const LinearUnit& unit) {
    constexpr float half_range = 7.5f;
    const auto first = unit.index * w4a16_group + lane * each;
    const float* x = unit.x + first;
    if constexpr (p == 0) {
      float most = 0;
      for (std::uint64_t i = 0; i < each; ++i) most = larger(__builtin_fabsf(x[i]), most);
      state.most[lane] = most;
    }
    if constexpr (p == 1)
      if (lane == 0)
        state.scale = store_linear_scale(quotient(largest_of_team(state), half_range),
                                         unit.scale_dtype, unit.scales, unit.index);
    if constexpr (p == 2)
      for (std::uint64_t i = 0; i < each; i += 2)
        unit.codes[(first + i) / 2] = static_cast<std::uint8_t>(
            code_of(x[i], state.scale) | code_of(x[i + 1], state.scale) << 4);
  }

 private:
  static WAAG_LANE std::uint32_t code_of(float x, float scale) {
    return (rounded_between(quotient(x, scale), -8.0f, 7.0f) + 8) & 15u;
  }
};

/// E2M1, two a byte, and an E4M3 scale for 16: a thread a unit.
struct Nvfp4Units {
  static constexpr unsigned team = 1;
  static constexpr int phases = 1;
  struct State {};

  static WAAG_DEVICE constexpr std::uint64_t units(std::uint64_t rows, std::uint64_t columns) {
    return rows * (columns / nvfp4_group);
  }

  template <int>
  static WAAG_LANE void phase(unsigned, State&, const LinearUnit& unit) {
    constexpr float e2m1_max = 6.0f;
    constexpr std::uint8_t eighth = 0x20;  // 0.125 in E4M3
    const float* x = unit.x + unit.index * nvfp4_group;
    float most = 0;
    for (std::uint64_t i = 0; i < nvfp4_group; ++i) most = larger(__builtin_fabsf(x[i]), most);
    const auto scale = Lane::of(unit.global_scale) * (Lane::of(most) / Lane::of(e2m1_max));
    std::uint8_t code = float_to_e4m3(scale.v);
    if (code == 0) code = eighth;
    unit.scales[unit.index] = code;
    const float step = quotient(e4m3_to_float(code), unit.global_scale);
    for (std::uint64_t i = 0; i < nvfp4_group; i += 2)
      unit.codes[(unit.index * nvfp4_group + i) / 2] = static_cast<std::uint8_t>(
          e2m1_code(quotient(x[i], step)) | e2m1_code(quotient(x[i + 1], step)) << 4);
  }
};

}  // namespace waag::convert::gpu
