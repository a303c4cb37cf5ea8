#pragma once

#include <span>

#include "convert/quant/linear/linear_format.h"
#include "convert/quant/quantize.h"
#include "protocol/bytes.h"

// Quantizers and decoders of the formats of linear_format.h, tile by tile: a weight may pass
// through in pieces of linear_rows_together() rows, each part of a piece being written where
// LinearPart says. How a weight is cut into pieces does not change the bits.
//
// The arithmetic is binary32. A scale is rounded to its stored type first and the values are
// divided by what is stored; a scale that rounds to 0 is stored as the epsilon of its type (0.125
// for E4M3). Source: compressed-tensors, quantization/utils/helpers.py calculate_qparams and
// generate_gparam, whose bytes for F32 weights these are.

namespace waag::convert {

/// Rows of one weight and where their parts go.
struct LinearRows {
  std::span<const float> values;  // rows x columns, row-major; finite
  std::uint64_t columns = 0;      // as linear_format_fits demands
  model::Dtype scale_dtype{model::Dtype::f32};
  float global_scale = 1;      // nvfp4 only: nvfp4_global_scale of the whole weight
  std::span<std::byte> codes;  // as many bytes as LinearPart says
  std::span<std::byte> scales;
};

/// The buffers' sizes are the caller's to get right (linear_parts says them).
void quantize_linear_rows(LinearFormat format, const LinearRows& rows, Lanes lanes = best_lanes());

/// Of `scales` as quantize_linear_rows() stored them: those that are the largest that F16 has,
/// which stands for all beyond it, so that the weights that they scale may be cut off.
std::uint64_t count_cut_scales(LinearFormat format, ByteView scales, model::Dtype scale_dtype);

/// What the parts of rows stand for.
struct LinearCodes {
  ByteView codes;
  ByteView scales;
  std::uint64_t columns = 0;
  model::Dtype scale_dtype{model::Dtype::f32};
  float global_scale = 1;  // nvfp4 only
};

/// Codes times scale, in F32. compressed-tensors computes the same and rounds to the scale's type.
/// @param values  rows x columns
void dequantize_linear_rows(LinearFormat format, const LinearCodes& rows, std::span<float> values);

/// Largest magnitude of values that are finite; 0 for none. Of a whole weight: the largest of its
/// pieces'.
float largest_magnitude(std::span<const float> values, Lanes lanes = best_lanes());

/// By what NVFP4 multiplies its scales, so that the largest of them is 448; 1 if nothing is to be
/// scaled.
/// @param largest  magnitude in the weight and in those that engines stack with it
/// (stacked_weight_name)
float nvfp4_global_scale(float largest);

/// The bytes of the parts that are not by rows.
Bytes linear_shape_bytes(LinearShape shape);
Bytes linear_global_scale_bytes(float global_scale);

}  // namespace waag::convert
