#pragma once

#include <immintrin.h>

#include "convert/quant/lanes/vector/iq4_values.h"
#include "convert/quant/lanes/vector/vector.h"

// Sixteen lanes: AVX-512 F, BW, DQ, VL. Only for files built with those flags (*_avx512.cc).

namespace waag::convert::lanes {

struct Floats16 {
  __m512 v;
};
struct Ints16 {
  __m512i v;
};
struct Mask16 {
  __mmask16 v;
};

WAAG_LANE Floats16 operator+(Floats16 x, Floats16 y) { return {_mm512_add_ps(x.v, y.v)}; }
WAAG_LANE Floats16 operator-(Floats16 x, Floats16 y) { return {_mm512_sub_ps(x.v, y.v)}; }
WAAG_LANE Floats16 operator*(Floats16 x, Floats16 y) { return {_mm512_mul_ps(x.v, y.v)}; }
WAAG_LANE Floats16 operator/(Floats16 x, Floats16 y) { return {_mm512_div_ps(x.v, y.v)}; }
WAAG_LANE Mask16 operator<(Floats16 x, Floats16 y) {
  return {_mm512_cmp_ps_mask(x.v, y.v, _CMP_LT_OQ)};
}
WAAG_LANE Mask16 operator>(Floats16 x, Floats16 y) {
  return {_mm512_cmp_ps_mask(x.v, y.v, _CMP_GT_OQ)};
}
WAAG_LANE Mask16 operator==(Floats16 x, Floats16 y) {
  return {_mm512_cmp_ps_mask(x.v, y.v, _CMP_EQ_OQ)};
}
WAAG_LANE Mask16 operator!=(Floats16 x, Floats16 y) {
  return {_mm512_cmp_ps_mask(x.v, y.v, _CMP_NEQ_UQ)};
}
/// x < y ? x : y, so the second where they are equal or one is NaN.
WAAG_LANE Floats16 lesser(Floats16 x, Floats16 y) { return {_mm512_min_ps(x.v, y.v)}; }
/// x > y ? x : y
WAAG_LANE Floats16 greater(Floats16 x, Floats16 y) { return {_mm512_max_ps(x.v, y.v)}; }
WAAG_LANE Floats16 magnitude(Floats16 x) { return {_mm512_abs_ps(x.v)}; }
WAAG_LANE Floats16 square_root(Floats16 x) { return {_mm512_sqrt_ps(x.v)}; }
WAAG_LANE Ints16 bits(Floats16 x) { return {_mm512_castps_si512(x.v)}; }
WAAG_LANE Floats16 from_bits(Ints16 x) { return {_mm512_castsi512_ps(x.v)}; }

WAAG_LANE Ints16 operator+(Ints16 x, Ints16 y) { return {_mm512_add_epi32(x.v, y.v)}; }
WAAG_LANE Ints16 operator-(Ints16 x, Ints16 y) { return {_mm512_sub_epi32(x.v, y.v)}; }
WAAG_LANE Ints16 operator&(Ints16 x, Ints16 y) { return {_mm512_and_si512(x.v, y.v)}; }
WAAG_LANE Ints16 operator|(Ints16 x, Ints16 y) { return {_mm512_or_si512(x.v, y.v)}; }
WAAG_LANE Mask16 operator!=(Ints16 x, Ints16 y) { return {_mm512_cmpneq_epi32_mask(x.v, y.v)}; }
WAAG_LANE Ints16 lesser(Ints16 x, Ints16 y) { return {_mm512_min_epi32(x.v, y.v)}; }
WAAG_LANE Ints16 greater(Ints16 x, Ints16 y) { return {_mm512_max_epi32(x.v, y.v)}; }
WAAG_LANE Floats16 to_floats(Ints16 x) { return {_mm512_cvtepi32_ps(x.v)}; }
template <int count>
WAAG_LANE Ints16 shifted_right(Ints16 x) {
  return {_mm512_srli_epi32(x.v, count)};
}
/// Towards zero; 0x80000000 where it does not fit.
WAAG_LANE Ints16 truncated(Floats16 x) { return {_mm512_cvttps_epi32(x.v)}; }

WAAG_LANE Mask16 operator&(Mask16 x, Mask16 y) { return {_kand_mask16(x.v, y.v)}; }
WAAG_LANE Mask16 operator|(Mask16 x, Mask16 y) { return {_kor_mask16(x.v, y.v)}; }
WAAG_LANE Mask16 operator~(Mask16 x) { return {_knot_mask16(x.v)}; }
WAAG_LANE bool any(Mask16 x) { return x.v != 0; }
WAAG_LANE Floats16 select(Mask16 mask, Floats16 yes, Floats16 no) {
  return {_mm512_mask_blend_ps(mask.v, no.v, yes.v)};
}
WAAG_LANE Ints16 select(Mask16 mask, Ints16 yes, Ints16 no) {
  return {_mm512_mask_blend_epi32(mask.v, no.v, yes.v)};
}

namespace tables {
inline constexpr Iq4Stretches iq4 = iq4_stretches();
}

/// The nearest value of IQ4; x is a number.
WAAG_LANE Floats16 iq4_value(Floats16 x) {
  constexpr int lesser_magnitude = 2;  // with the sign of the first
  const __m512 near = _mm512_range_ps(x.v, _mm512_set1_ps(iq4_reach), lesser_magnitude);
  const __m512 shifted = _mm512_add_ps(_mm512_mul_ps(near, _mm512_set1_ps(1 / iq4_stretch)),
                                       _mm512_set1_ps(round_shift));
  const __m512i at = _mm512_castps_si512(shifted);  // its low five bits: the stretch
  const auto look_up = [at](const float* table) __attribute__((always_inline)) {
    return _mm512_permutex2var_ps(_mm512_load_ps(table), at, _mm512_load_ps(table + 16));
  };
  const __mmask16 passed = _mm512_cmp_ps_mask(near, look_up(tables::iq4.middle), _CMP_GE_OQ);
  return {_mm512_mask_mov_ps(look_up(tables::iq4.below), passed, look_up(tables::iq4.above))};
}

struct Avx512 {
  using Floats = Floats16;
  using Ints = Ints16;
  using Mask = Mask16;
  static constexpr std::size_t lanes = 16;
  static constexpr std::size_t tile = 16;

  static WAAG_LANE Floats of(float x) { return {_mm512_set1_ps(x)}; }
  static WAAG_LANE Ints of(std::int32_t x) { return {_mm512_set1_epi32(x)}; }
  static WAAG_LANE Floats load(const float* from) { return {_mm512_loadu_ps(from)}; }
  static WAAG_LANE void store(float* to, Floats x) { _mm512_storeu_ps(to, x.v); }
  /// The low byte of each lane.
  static WAAG_LANE void store_bytes(std::uint8_t* to, Ints x) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(x.v));
  }
  /// The low half of each lane.
  static WAAG_LANE void store_halves(std::byte* to, Ints x) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtepi32_epi16(x.v));
  }
  /// The bits of the nearest F16 in the low half of each lane; the payload of a NaN is kept.
  static WAAG_LANE Ints half_bits(Floats x) {
    return {_mm512_cvtepu16_epi32(_mm512_cvtps_ph(x.v, _MM_FROUND_TO_NEAREST_INT))};
  }
  /// 16 x 16 floats: out[i][j] = in[j][i].
  static WAAG_LANE void transpose(const float* in, std::size_t in_stride, float* out,
                                  std::size_t out_stride) {
    __m512 r[16], t[16];
    for (int i = 0; i < 16; ++i)
      r[i] = _mm512_loadu_ps(in + static_cast<std::size_t>(i) * in_stride);
    for (int i = 0; i < 16; i += 2) {
      t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
      t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
      r[i] = pairs_low(t[i], t[i + 2]);
      r[i + 1] = pairs_high(t[i], t[i + 2]);
      r[i + 2] = pairs_low(t[i + 1], t[i + 3]);
      r[i + 3] = pairs_high(t[i + 1], t[i + 3]);
    }
    for (int i = 0; i < 4; ++i) {  // r[4 k + i]: rows 4 k..4 k + 3 of the columns i, 4 + i, ...
      const __m512 even_low = _mm512_shuffle_f32x4(r[i], r[4 + i], 0x88);
      const __m512 odd_low = _mm512_shuffle_f32x4(r[i], r[4 + i], 0xdd);
      const __m512 even_high = _mm512_shuffle_f32x4(r[8 + i], r[12 + i], 0x88);
      const __m512 odd_high = _mm512_shuffle_f32x4(r[8 + i], r[12 + i], 0xdd);
      float* column = out + static_cast<std::size_t>(i) * out_stride;
      _mm512_store_ps(column, _mm512_shuffle_f32x4(even_low, even_high, 0x88));
      _mm512_store_ps(column + 4 * out_stride, _mm512_shuffle_f32x4(odd_low, odd_high, 0x88));
      _mm512_store_ps(column + 8 * out_stride, _mm512_shuffle_f32x4(even_low, even_high, 0xdd));
      _mm512_store_ps(column + 12 * out_stride, _mm512_shuffle_f32x4(odd_low, odd_high, 0xdd));
    }
  }

 private:
  static WAAG_LANE __m512 pairs_low(__m512 x, __m512 y) {
    return _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(x), _mm512_castps_pd(y)));
  }
  static WAAG_LANE __m512 pairs_high(__m512 x, __m512 y) {
    return _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(x), _mm512_castps_pd(y)));
  }
};

}  // namespace waag::convert::lanes
