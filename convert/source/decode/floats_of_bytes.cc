#include "convert/source/decode/floats_of_bytes.h"

#include <bit>
#include <cmath>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "convert/quant/floats.h"

namespace waag::convert {
namespace {

using model::Dtype;

constexpr std::uint32_t exponent_mask = 0x7f800000u;

template <class T>
T load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

float scalar_of(Dtype dtype, const std::byte* at) {
  switch (dtype) {
    case Dtype::f16:
      return half_to_float(load<std::uint16_t>(at));
    case Dtype::bf16:
      return bfloat_to_float(load<std::uint16_t>(at));
    case Dtype::f8_e4m3:
      return e4m3_to_float(load<std::uint8_t>(at));
    case Dtype::f8_e5m2:
      return e5m2_to_float(load<std::uint8_t>(at));
    default:
      return e8m0_to_float(load<std::uint8_t>(at));
  }
}

bool narrow(const std::byte* bytes, std::span<float> values) {
  bool exact = true;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto wide = load<double>(bytes + 8 * i);
    values[i] = static_cast<float>(wide);
    exact &= static_cast<double>(values[i]) == wide || std::isnan(wide);
  }
  return exact;
}

#if defined(__x86_64__)
#define WAAG_AVX2 __attribute__((target("avx2,f16c")))

// Each takes whole groups of 8 and returns how many elements it did.

WAAG_AVX2 std::size_t halves_avx2(const std::byte* bytes, std::span<float> values) {
  std::size_t i = 0;
  for (; i + 8 <= values.size(); i += 8) {
    const auto codes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + 2 * i));
    _mm256_storeu_ps(values.data() + i, _mm256_cvtph_ps(codes));
  }
  return i;
}

WAAG_AVX2 std::size_t bfloats_avx2(const std::byte* bytes, std::span<float> values) {
  std::size_t i = 0;
  for (; i + 8 <= values.size(); i += 8) {
    const auto codes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + 2 * i));
    const auto wide = _mm256_slli_epi32(_mm256_cvtepu16_epi32(codes), 16);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(values.data() + i), wide);
  }
  return i;
}

/// An E4M3 moved to where F16 has its exponent is 2^-8 of its value there, subnormals included.
WAAG_AVX2 std::size_t e4m3_avx2(const std::byte* bytes, std::span<float> values) {
  const auto magnitude_mask = _mm_set1_epi16(0x3f80);
  const auto sign_mask = _mm_set1_epi16(static_cast<short>(0x8000));
  const auto unscale = _mm256_set1_ps(256.0f);
  std::size_t i = 0;
  for (; i + 8 <= values.size(); i += 8) {
    const auto codes =
        _mm_cvtepu8_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(bytes + i)));
    const auto magnitude = _mm_and_si128(_mm_slli_epi16(codes, 7), magnitude_mask);
    const auto sign = _mm_and_si128(_mm_slli_epi16(codes, 8), sign_mask);
    // All ones is a NaN in F16, and 0x7F in E4M3.
    const auto nan = _mm_cmpeq_epi16(magnitude, magnitude_mask);
    const auto half = _mm_or_si128(_mm_or_si128(magnitude, sign), nan);
    _mm256_storeu_ps(values.data() + i, _mm256_mul_ps(_mm256_cvtph_ps(half), unscale));
  }
  return i;
}

WAAG_AVX2 std::size_t e5m2_avx2(const std::byte* bytes, std::span<float> values) {
  std::size_t i = 0;
  for (; i + 8 <= values.size(); i += 8) {
    const auto codes =
        _mm_cvtepu8_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(bytes + i)));
    _mm256_storeu_ps(values.data() + i, _mm256_cvtph_ps(_mm_slli_epi16(codes, 8)));
  }
  return i;
}

WAAG_AVX2 bool all_finite_avx2(const float* values, std::size_t groups) {
  const auto mask = _mm256_set1_epi32(static_cast<int>(exponent_mask));
  auto found = _mm256_setzero_si256();
  for (std::size_t group = 0; group < groups; ++group) {
    const auto bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values + 8 * group));
    found = _mm256_or_si256(found, _mm256_cmpeq_epi32(_mm256_and_si256(bits, mask), mask));
  }
  return _mm256_testz_si256(found, found) != 0;
}

WAAG_AVX2 std::size_t multiply_avx2(std::span<float> values, float scale) {
  const auto factor = _mm256_set1_ps(scale);
  std::size_t i = 0;
  for (; i + 8 <= values.size(); i += 8) {
    float* const at = values.data() + i;
    _mm256_storeu_ps(at, _mm256_mul_ps(_mm256_loadu_ps(at), factor));
  }
  return i;
}

bool has_avx2() {
  static const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c");
  return has;
}

std::size_t decode_avx2(Dtype dtype, const std::byte* bytes, std::span<float> values) {
  switch (dtype) {
    case Dtype::f16:
      return halves_avx2(bytes, values);
    case Dtype::bf16:
      return bfloats_avx2(bytes, values);
    case Dtype::f8_e4m3:
      return e4m3_avx2(bytes, values);
    case Dtype::f8_e5m2:
      return e5m2_avx2(bytes, values);
    default:
      return 0;
  }
}
#endif

}  // namespace

bool is_float_type(Dtype dtype) {
  switch (dtype) {
    case Dtype::f32:
    case Dtype::f16:
    case Dtype::bf16:
    case Dtype::f64:
    case Dtype::f8_e4m3:
    case Dtype::f8_e5m2:
    case Dtype::f8_e8m0:
      return true;
    default:
      return false;
  }
}

bool decode_floats(Dtype dtype, ByteView bytes, std::span<float> values) {
  if (!is_float_type(dtype)) return false;
  if (values.empty()) return true;
  if (dtype == Dtype::f64) return narrow(bytes.data(), values);
  if (dtype == Dtype::f32) {
    std::memcpy(values.data(), bytes.data(), values.size_bytes());
    return true;
  }
  const std::size_t width = bytes.size() / values.size();
  std::size_t done = 0;
#if defined(__x86_64__)
  if (has_avx2()) done = decode_avx2(dtype, bytes.data(), values);
#endif
  for (; done < values.size(); ++done) values[done] = scalar_of(dtype, bytes.data() + done * width);
  return true;
}

std::uint64_t count_not_finite(std::span<const float> values) {
  std::size_t first = 0;
#if defined(__x86_64__)
  if (has_avx2() && all_finite_avx2(values.data(), values.size() / 8))
    first = values.size() / 8 * 8;
#endif
  std::uint64_t count = 0;
  for (const float value : values.subspan(first))
    count += (std::bit_cast<std::uint32_t>(value) & exponent_mask) == exponent_mask ? 1u : 0u;
  return count;
}

void multiply(std::span<float> values, float scale) {
  std::size_t done = 0;
#if defined(__x86_64__)
  if (has_avx2()) done = multiply_avx2(values, scale);
#endif
  for (; done < values.size(); ++done) values[done] *= scale;
}

}  // namespace waag::convert
