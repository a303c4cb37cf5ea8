#include "convert/quant/linear/quantize_linear.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>

#include "convert/quant/floats.h"
#include "convert/quant/linear/linear_kernels.h"

namespace waag::convert {
namespace {

using model::Dtype;

// Half of the range of the codes. The integers' is not whole: their range is one longer below 0.
constexpr float e4m3_max = 448.0f;
constexpr float e2m1_max = 6.0f;
constexpr float int8_half_range = 127.5f;
constexpr float int4_half_range = 7.5f;

constexpr std::uint8_t e4m3_eighth = 0x20;  // 0.125

/// Groups whose scales are at hand at once; one call of a kernel each.
constexpr std::size_t groups_at_once = 64;

constexpr float half_max = 65504.0f;

/// Writes a scale in its type, and yields what is stored: never 0, never infinite.
float store_scale(float scale, Dtype dtype, std::byte* out) {
  if (dtype == Dtype::f32) {
    const float stored = scale == 0 ? 0x1p-23f : scale;
    std::memcpy(out, &stored, sizeof(stored));
    return stored;
  }
  const bool half = dtype == Dtype::f16;
  std::uint16_t code = half ? float_to_half(std::min(scale, half_max)) : float_to_bfloat(scale);
  if (code == 0) code = half ? float_to_half(0x1p-10f) : float_to_bfloat(0x1p-7f);
  std::memcpy(out, &code, sizeof(code));
  return half ? half_to_float(code) : bfloat_to_float(code);
}

std::size_t scale_bytes(Dtype dtype) { return dtype == Dtype::f32 ? 4 : 2; }

float load_scale(const std::byte* at, Dtype dtype) {
  if (dtype == Dtype::f32) {
    float scale = 0;
    std::memcpy(&scale, at, sizeof(scale));
    return scale;
  }
  std::uint16_t code = 0;
  std::memcpy(&code, at, sizeof(code));
  return dtype == Dtype::f16 ? half_to_float(code) : bfloat_to_float(code);
}

std::uint8_t* as_codes(std::span<std::byte> bytes) {
  return reinterpret_cast<std::uint8_t*>(bytes.data());
}

using Encode = void (*)(const float*, std::size_t, float, std::uint8_t*);

/// A code a byte, a scale a row.
void by_row(const LinearRows& rows, const LinearKernels& kernels, float half_range, Encode encode) {
  const std::size_t bytes = scale_bytes(rows.scale_dtype);
  for (std::size_t row = 0; row * rows.columns < rows.values.size(); ++row) {
    const float* values = rows.values.data() + row * rows.columns;
    float largest = 0;
    kernels.largest(values, 1, rows.columns, &largest);
    const float scale =
        store_scale(largest / half_range, rows.scale_dtype, rows.scales.data() + row * bytes);
    encode(values, rows.columns, scale, as_codes(rows.codes) + row * rows.columns);
  }
}

/// One row of blocks, of `count` rows.
void fp8_blocks(const LinearRows& rows, const LinearKernels& kernels, std::size_t first,
                std::size_t count, std::byte* scales) {
  for (std::size_t column = 0; column < rows.columns; column += fp8_block_extent) {
    const std::size_t wide = std::min<std::size_t>(fp8_block_extent, rows.columns - column);
    const std::size_t at = first * rows.columns + column;
    float largest = 0;
    for (std::size_t row = 0; row < count; ++row) {
      float of_row = 0;
      kernels.largest(rows.values.data() + at + row * rows.columns, 1, wide, &of_row);
      largest = std::max(largest, of_row);
    }
    const float scale = store_scale(largest / e4m3_max, Dtype::f32, scales);
    scales += sizeof(float);
    for (std::size_t row = 0; row < count; ++row) {
      const std::size_t to = at + row * rows.columns;
      kernels.e4m3_codes(rows.values.data() + to, wide, scale, as_codes(rows.codes) + to);
    }
  }
}

void fp8_block(const LinearRows& rows, const LinearKernels& kernels) {
  const std::size_t count = rows.values.size() / rows.columns;
  const std::size_t unit = ((rows.columns - 1) / fp8_block_extent + 1) * sizeof(float);
  for (std::size_t first = 0; first < count; first += fp8_block_extent)
    fp8_blocks(rows, kernels, first, std::min<std::size_t>(fp8_block_extent, count - first),
               rows.scales.data() + first / fp8_block_extent * unit);
}

/// Rows are whole numbers of groups, so that the groups of all rows are one run.
void w4a16(const LinearRows& rows, const LinearKernels& kernels) {
  const std::size_t bytes = scale_bytes(rows.scale_dtype);
  const std::size_t groups = rows.values.size() / w4a16_group;
  std::array<float, groups_at_once> scales;
  for (std::size_t group = 0; group < groups; group += groups_at_once) {
    const std::size_t count = std::min(groups_at_once, groups - group);
    const float* values = rows.values.data() + group * w4a16_group;
    kernels.largest(values, count, w4a16_group, scales.data());
    for (std::size_t i = 0; i < count; ++i)
      scales[i] = store_scale(scales[i] / int4_half_range, rows.scale_dtype,
                              rows.scales.data() + (group + i) * bytes);
    kernels.int4_codes(values, count, scales.data(),
                       as_codes(rows.codes) + group * (w4a16_group / 2));
  }
}

template <std::size_t count, class Value>
constexpr std::array<float, count> table_of(Value value) {
  std::array<float, count> table{};
  for (std::size_t code = 0; code < count; ++code)
    table[code] = value(static_cast<std::uint8_t>(code));
  return table;
}

constexpr auto e4m3_values = table_of<256>(e4m3_to_float);
constexpr auto int4_values =
    table_of<16>([](std::uint8_t code) { return static_cast<float>(code) - 8.0f; });
constexpr std::array<float, 16> e2m1_values{0.0f,  0.5f,  1.0f,  1.5f,  2.0f,  3.0f,  4.0f,  6.0f,
                                            -0.0f, -0.5f, -1.0f, -1.5f, -2.0f, -3.0f, -4.0f, -6.0f};

/// By what a code is multiplied, for each E4M3 scale.
std::array<float, 256> nvfp4_steps(float global_scale) {
  std::array<float, 256> steps;
  for (std::size_t code = 0; code < steps.size(); ++code)
    steps[code] = e4m3_values[code] / global_scale;
  return steps;
}

void nvfp4(const LinearRows& rows, const LinearKernels& kernels) {
  const auto steps = nvfp4_steps(rows.global_scale);
  const std::size_t groups = rows.values.size() / nvfp4_group;
  std::array<float, groups_at_once> scales;
  for (std::size_t group = 0; group < groups; group += groups_at_once) {
    const std::size_t count = std::min(groups_at_once, groups - group);
    const float* values = rows.values.data() + group * nvfp4_group;
    kernels.largest(values, count, nvfp4_group, scales.data());
    for (std::size_t i = 0; i < count; ++i) scales[i] = rows.global_scale * (scales[i] / e2m1_max);
    std::uint8_t* codes = as_codes(rows.scales) + group;
    kernels.e4m3_codes(scales.data(), count, 1.0f, codes);
    for (std::size_t i = 0; i < count; ++i) {
      if (codes[i] == 0) codes[i] = e4m3_eighth;
      scales[i] = steps[codes[i]];
    }
    kernels.e2m1_codes(values, count, scales.data(),
                       as_codes(rows.codes) + group * (nvfp4_group / 2));
  }
}

/// Codes of one group, the first at an even place.
void decode_packed(const std::byte* codes, const std::array<float, 16>& table, float scale,
                   std::span<float> values) {
  for (std::size_t i = 0; i < values.size(); i += 2) {
    const auto byte = std::to_integer<std::uint8_t>(codes[i / 2]);
    values[i] = table[byte & 0xfu] * scale;
    values[i + 1] = table[byte >> 4] * scale;
  }
}

/// Codes [first, first + values.size()), which have one scale.
void decode_run(LinearFormat format, ByteView codes, std::size_t first, float scale,
                std::span<float> values) {
  switch (format) {
    case LinearFormat::fp8_dynamic:
    case LinearFormat::fp8_block:
      for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = e4m3_values[std::to_integer<std::uint8_t>(codes[first + i])] * scale;
      return;
    case LinearFormat::int8:
      for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<float>(std::to_integer<std::int8_t>(codes[first + i])) * scale;
      return;
    case LinearFormat::w4a16:
      return decode_packed(codes.data() + first / 2, int4_values, scale, values);
    case LinearFormat::nvfp4:
      return decode_packed(codes.data() + first / 2, e2m1_values, scale, values);
  }
}

/// Columns that have one scale.
std::size_t run_of(LinearFormat format, std::size_t columns) {
  switch (format) {
    case LinearFormat::fp8_block:
      return fp8_block_extent;
    case LinearFormat::w4a16:
      return w4a16_group;
    case LinearFormat::nvfp4:
      return nvfp4_group;
    case LinearFormat::fp8_dynamic:
    case LinearFormat::int8:
      break;
  }
  return columns;
}

/// Of the value at a row and column.
float scale_at(LinearFormat format, const LinearCodes& rows, std::size_t row, std::size_t column) {
  const std::byte* const scales = rows.scales.data();
  const std::size_t bytes = scale_bytes(rows.scale_dtype);
  switch (format) {
    case LinearFormat::fp8_dynamic:
    case LinearFormat::int8:
      return load_scale(scales + row * bytes, rows.scale_dtype);
    case LinearFormat::fp8_block: {
      const std::size_t blocks = (rows.columns - 1) / fp8_block_extent + 1;
      const std::size_t block = row / fp8_block_extent * blocks + column / fp8_block_extent;
      return load_scale(scales + block * sizeof(float), Dtype::f32);
    }
    case LinearFormat::w4a16:
      return load_scale(scales + (row * rows.columns + column) / w4a16_group * bytes,
                        rows.scale_dtype);
    case LinearFormat::nvfp4: {
      const auto code = scales[(row * rows.columns + column) / nvfp4_group];
      return e4m3_values[std::to_integer<std::uint8_t>(code)] / rows.global_scale;
    }
  }
  return 0;
}

}  // namespace

void quantize_linear_rows(LinearFormat format, const LinearRows& rows, Lanes lanes) {
  if (rows.values.empty()) return;
  assert(rows.columns > 0 && rows.values.size() % rows.columns == 0);
  const auto& kernels = linear_kernels(lanes);
  switch (format) {
    case LinearFormat::fp8_dynamic:
      return by_row(rows, kernels, e4m3_max, kernels.e4m3_codes);
    case LinearFormat::fp8_block:
      return fp8_block(rows, kernels);
    case LinearFormat::int8:
      return by_row(rows, kernels, int8_half_range, kernels.int8_codes);
    case LinearFormat::w4a16:
      return w4a16(rows, kernels);
    case LinearFormat::nvfp4:
      return nvfp4(rows, kernels);
  }
}

std::uint64_t count_cut_scales(LinearFormat format, ByteView scales, Dtype scale_dtype) {
  const bool in_model_dtype = format == LinearFormat::fp8_dynamic || format == LinearFormat::int8 ||
                              format == LinearFormat::w4a16;
  if (!in_model_dtype || scale_dtype != Dtype::f16) return 0;
  std::uint64_t count = 0;
  for (std::size_t at = 0; at + 2 <= scales.size(); at += 2)
    count += load_scale(scales.data() + at, scale_dtype) == half_max;
  return count;
}

void dequantize_linear_rows(LinearFormat format, const LinearCodes& rows, std::span<float> values) {
  const std::size_t run = run_of(format, rows.columns);
  for (std::size_t first = 0; first < values.size(); first += rows.columns)
    for (std::size_t column = 0; column < rows.columns; column += run) {
      const float scale = scale_at(format, rows, first / rows.columns, column);
      const std::size_t count = std::min<std::size_t>(run, rows.columns - column);
      decode_run(format, rows.codes, first + column, scale, values.subspan(first + column, count));
    }
}

float largest_magnitude(std::span<const float> values, Lanes lanes) {
  float largest = 0;
  if (!values.empty()) linear_kernels(lanes).largest(values.data(), 1, values.size(), &largest);
  return largest;
}

float nvfp4_global_scale(float largest) {
  // Not one division: torch divides a number by a tensor this way, and the last bit is its.
  const float scale = 1.0f / largest * (e4m3_max * e2m1_max);
  return std::isfinite(scale) ? scale : 1.0f;
}

Bytes linear_shape_bytes(LinearShape shape) {
  ByteWriter out;
  out.fixed(shape.rows);
  out.fixed(shape.columns);
  return out.take();
}

Bytes linear_global_scale_bytes(float global_scale) {
  ByteWriter out;
  out.fixed(std::bit_cast<std::uint32_t>(global_scale));
  return out.take();
}

}  // namespace waag::convert
