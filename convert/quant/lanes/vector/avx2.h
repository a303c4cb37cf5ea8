#pragma once

#include <immintrin.h>

#include "convert/quant/lanes/vector/iq4_values.h"
#include "convert/quant/lanes/vector/vector.h"

// Eight lanes: AVX2 and F16C. Only for files built with those flags (*_avx2.cc).

namespace waag::convert::lanes {

struct Floats8 {
  __m256 v;
};
struct Ints8 {
  __m256i v;
};
/// All bits of a lane or none.
struct Mask8 {
  __m256 v;
};

WAAG_LANE Floats8 operator+(Floats8 x, Floats8 y) { return {_mm256_add_ps(x.v, y.v)}; }
WAAG_LANE Floats8 operator-(Floats8 x, Floats8 y) { return {_mm256_sub_ps(x.v, y.v)}; }
WAAG_LANE Floats8 operator*(Floats8 x, Floats8 y) { return {_mm256_mul_ps(x.v, y.v)}; }
WAAG_LANE Floats8 operator/(Floats8 x, Floats8 y) { return {_mm256_div_ps(x.v, y.v)}; }
WAAG_LANE Mask8 operator<(Floats8 x, Floats8 y) { return {_mm256_cmp_ps(x.v, y.v, _CMP_LT_OQ)}; }
WAAG_LANE Mask8 operator>(Floats8 x, Floats8 y) { return {_mm256_cmp_ps(x.v, y.v, _CMP_GT_OQ)}; }
WAAG_LANE Mask8 operator==(Floats8 x, Floats8 y) { return {_mm256_cmp_ps(x.v, y.v, _CMP_EQ_OQ)}; }
WAAG_LANE Mask8 operator!=(Floats8 x, Floats8 y) { return {_mm256_cmp_ps(x.v, y.v, _CMP_NEQ_UQ)}; }
/// x < y ? x : y, so the second where they are equal or one is NaN.
WAAG_LANE Floats8 lesser(Floats8 x, Floats8 y) { return {_mm256_min_ps(x.v, y.v)}; }
/// x > y ? x : y
WAAG_LANE Floats8 greater(Floats8 x, Floats8 y) { return {_mm256_max_ps(x.v, y.v)}; }
WAAG_LANE Floats8 magnitude(Floats8 x) { return {_mm256_andnot_ps(_mm256_set1_ps(-0.0f), x.v)}; }
WAAG_LANE Floats8 square_root(Floats8 x) { return {_mm256_sqrt_ps(x.v)}; }
WAAG_LANE Ints8 bits(Floats8 x) { return {_mm256_castps_si256(x.v)}; }
WAAG_LANE Floats8 from_bits(Ints8 x) { return {_mm256_castsi256_ps(x.v)}; }

WAAG_LANE Ints8 operator+(Ints8 x, Ints8 y) { return {_mm256_add_epi32(x.v, y.v)}; }
WAAG_LANE Ints8 operator-(Ints8 x, Ints8 y) { return {_mm256_sub_epi32(x.v, y.v)}; }
WAAG_LANE Ints8 operator&(Ints8 x, Ints8 y) { return {_mm256_and_si256(x.v, y.v)}; }
WAAG_LANE Ints8 operator|(Ints8 x, Ints8 y) { return {_mm256_or_si256(x.v, y.v)}; }
WAAG_LANE Mask8 operator!=(Ints8 x, Ints8 y) {
  const __m256 equal = _mm256_castsi256_ps(_mm256_cmpeq_epi32(x.v, y.v));
  return {_mm256_xor_ps(equal, _mm256_castsi256_ps(_mm256_set1_epi32(-1)))};
}
WAAG_LANE Ints8 lesser(Ints8 x, Ints8 y) { return {_mm256_min_epi32(x.v, y.v)}; }
WAAG_LANE Ints8 greater(Ints8 x, Ints8 y) { return {_mm256_max_epi32(x.v, y.v)}; }
WAAG_LANE Floats8 to_floats(Ints8 x) { return {_mm256_cvtepi32_ps(x.v)}; }
template <int count>
WAAG_LANE Ints8 shifted_right(Ints8 x) {
  return {_mm256_srli_epi32(x.v, count)};
}
/// Towards zero; 0x80000000 where it does not fit.
WAAG_LANE Ints8 truncated(Floats8 x) { return {_mm256_cvttps_epi32(x.v)}; }

WAAG_LANE Mask8 operator&(Mask8 x, Mask8 y) { return {_mm256_and_ps(x.v, y.v)}; }
WAAG_LANE Mask8 operator|(Mask8 x, Mask8 y) { return {_mm256_or_ps(x.v, y.v)}; }
WAAG_LANE Mask8 operator~(Mask8 x) {
  return {_mm256_xor_ps(x.v, _mm256_castsi256_ps(_mm256_set1_epi32(-1)))};
}
WAAG_LANE bool any(Mask8 x) { return _mm256_movemask_ps(x.v) != 0; }
WAAG_LANE Floats8 select(Mask8 mask, Floats8 yes, Floats8 no) {
  return {_mm256_blendv_ps(no.v, yes.v, mask.v)};
}
WAAG_LANE Ints8 select(Mask8 mask, Ints8 yes, Ints8 no) {
  return {_mm256_blendv_epi8(no.v, yes.v, _mm256_castps_si256(mask.v))};
}

namespace tables {
/// Entry (-k) & 7 for k = 0..7, because a mask that holds is -1.
struct Eight {
  alignas(32) float entry[8];
};
consteval Eight iq4_middles_from(int first, int step) {
  Eight out{};
  for (int k = 0; k < 8; ++k)
    if (first + k * step < 15) out.entry[(8 - k) & 7] = iq4_middle_at(first + k * step);
  return out;
}
consteval Eight iq4_values_from(int first) {
  Eight out{};
  for (int k = 0; k < 8; ++k) out.entry[(8 - k) & 7] = iq4_value_at(first + 2 * k);
  return out;
}
inline constexpr Eight middles_of_four = iq4_middles_from(1, 4);
inline constexpr Eight middles_of_two = iq4_middles_from(0, 2);
inline constexpr Eight even_values = iq4_values_from(0), odd_values = iq4_values_from(1);
}  // namespace tables

WAAG_LANE __m256 look_up(const tables::Eight& table, __m256i at) {
  return _mm256_permutevar8x32_ps(_mm256_load_ps(table.entry), at);
}

/// The nearest value of IQ4, by bisection; x is a number.
WAAG_LANE Floats8 iq4_value(Floats8 x) {
  const __m256 half = _mm256_cmp_ps(x.v, _mm256_set1_ps(iq4_middle_at(7)), _CMP_GE_OQ);
  const __m256 of_eight =
      _mm256_blendv_ps(_mm256_set1_ps(iq4_middle_at(3)), _mm256_set1_ps(iq4_middle_at(11)), half);
  const __m256i first = _mm256_castps_si256(half);
  const __m256i second = _mm256_castps_si256(_mm256_cmp_ps(x.v, of_eight, _CMP_GE_OQ));
  const __m256i four = _mm256_add_epi32(_mm256_add_epi32(first, first), second);
  const __m256i third =
      _mm256_castps_si256(_mm256_cmp_ps(x.v, look_up(tables::middles_of_four, four), _CMP_GE_OQ));
  const __m256i eight = _mm256_add_epi32(_mm256_add_epi32(four, four), third);
  const __m256 odd = _mm256_cmp_ps(x.v, look_up(tables::middles_of_two, eight), _CMP_GE_OQ);
  return {_mm256_blendv_ps(look_up(tables::even_values, eight), look_up(tables::odd_values, eight),
                           odd)};
}

struct Avx2 {
  using Floats = Floats8;
  using Ints = Ints8;
  using Mask = Mask8;
  static constexpr std::size_t lanes = 8;
  static constexpr std::size_t tile = 8;

  static WAAG_LANE Floats of(float x) { return {_mm256_set1_ps(x)}; }
  static WAAG_LANE Ints of(std::int32_t x) { return {_mm256_set1_epi32(x)}; }
  static WAAG_LANE Floats load(const float* from) { return {_mm256_loadu_ps(from)}; }
  static WAAG_LANE void store(float* to, Floats x) { _mm256_storeu_ps(to, x.v); }
  /// The low byte of each lane.
  static WAAG_LANE void store_bytes(std::uint8_t* to, Ints x) {
    const __m256i low = _mm256_set1_epi32(0x0c080400);  // of each lane's four dwords the low bytes
    const __m256i bytes = _mm256_shuffle_epi8(x.v, low);
    const __m128i both =
        _mm_unpacklo_epi32(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), both);
  }
  /// The low half of each lane.
  static WAAG_LANE void store_halves(std::byte* to, Ints x) {
    const __m256i low = _mm256_and_si256(x.v, _mm256_set1_epi32(0xffff));
    const __m256i halves = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, low), 0x08);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_castsi256_si128(halves));
  }
  /// The bits of the nearest F16 in the low half of each lane; the payload of a NaN is kept.
  static WAAG_LANE Ints half_bits(Floats x) {
    return {_mm256_cvtepu16_epi32(_mm256_cvtps_ph(x.v, _MM_FROUND_TO_NEAREST_INT))};
  }
  /// 8 x 8 floats: out[i][j] = in[j][i].
  static WAAG_LANE void transpose(const float* in, std::size_t in_stride, float* out,
                                  std::size_t out_stride) {
    __m256 r[8], t[8];
    for (int i = 0; i < 8; ++i)
      r[i] = _mm256_loadu_ps(in + static_cast<std::size_t>(i) * in_stride);
    for (int i = 0; i < 8; i += 2) {
      t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
      t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
      r[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
      r[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
      r[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
      r[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
    }
    for (int i = 0; i < 4; ++i) {
      float* column = out + static_cast<std::size_t>(i) * out_stride;
      _mm256_store_ps(column, _mm256_permute2f128_ps(r[i], r[4 + i], 0x20));
      _mm256_store_ps(column + 4 * out_stride, _mm256_permute2f128_ps(r[i], r[4 + i], 0x31));
    }
  }
};

}  // namespace waag::convert::lanes
