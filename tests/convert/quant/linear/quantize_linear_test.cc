#include "convert/quant/linear/quantize_linear.h"

#include <cmath>
#include <cstring>
#include <limits>

#include <catch2/catch.hpp>

#include "convert/quant/floats.h"
#include "protocol/hash.h"
#include "tests/convert/quant/linear/linear_weight.h"

namespace waag::convert::testing {
namespace {

using model::Dtype;

struct Vector {
  LinearFormat format;
  Dtype scale_dtype;
  std::string_view stored;   // SHA-256 of codes, scales and the global scale
  std::string_view decoded;  // SHA-256 of the values, rounded to the type of the scales
};

// By compressed-tensors 0.20.0: tests/harness/oracles/linear_vectors.py.
constexpr Vector vectors[] = {
    {LinearFormat::fp8_dynamic, Dtype::f32,
     "c90af80948af064a594174ab4e72424b2c4676a4165e1d859e1c81059f037f24",
     "a7fac3cb1bdb8431c0b50a2a7d1465c13e65676bf74cc1fa9c012a53b0e07de0"},
    {LinearFormat::fp8_dynamic, Dtype::f16,
     "6649edc6f851752007b5981bb1a9a6c6fd309f57b4859e898750c01d6e1d93e5",
     "904e2c353d199fc65ab527e22831513360718a50050640246ee3c719d9fe1d08"},
    {LinearFormat::fp8_dynamic, Dtype::bf16,
     "f5e8c63e8a9ed694eedcd1d1ad1e971a85ce96f4c16637c0c32cbad22584e767",
     "4b83edb6a76b2836729cf2c5d9a24879a0e9e0babec15915376e41ea901ee996"},
    {LinearFormat::fp8_block, Dtype::f32,
     "4b3fe69a1816dec7874cccc814bb2670f5e41b2a85cde64760868a65cdb0272d",
     "e5d11c705e0c3d80cff93a99f0a30a8f91cfab9935ae604b2c105f5ea5b776ee"},
    {LinearFormat::int8, Dtype::f32,
     "be3c9f3bfdb3751b1dee08bba783a68e38ef6c1f3cc8e2acfa59e54691d1ae15",
     "bf227b636af9daac47d61eefa3fadb7f475289f6ca5d469f4cdba087bae10836"},
    {LinearFormat::int8, Dtype::f16,
     "be7707ee0fbe29aabde258a70f643177ca0aac9444f03053e58969c2a5a5e93b",
     "cf8495a8f4b8716c1b1d3622027bbbe23798b4b3a26d0cdf14ed47f6d0282772"},
    {LinearFormat::int8, Dtype::bf16,
     "8db952c01efc4786715861ec3d8b7ca37e8bc1e0ef25229b2e09f531af6d2945",
     "3683bfd23ea97f88226d7812f6c693423cab3a249879f7c65ed46bde2edc0582"},
    {LinearFormat::w4a16, Dtype::f32,
     "6c09f001d64a9da57821de1ce616bca5c33ba8c65c89a6eb1c89a3bdd0cd3bf0",
     "36102e1600030f08fc6752e8686d5772857f46767ab6d1cdcb5dbbfa434a005e"},
    {LinearFormat::w4a16, Dtype::f16,
     "11c8ea030d45ae3c5244088f54f5747d904e7a21b16c10cc0d316636ef4b5819",
     "61c895fa87117c967397d55e52e39f7c058baa9c3215faadbcc65627b51c65d7"},
    {LinearFormat::w4a16, Dtype::bf16,
     "b811a59ea2f5fda876732ae84aef0f3881a9b5c680350b603e1be06a6edb35d2",
     "fd2141f7a6bc28a94c208713809d72d6542ee796dac5848893a0de4298df8c29"},
    {LinearFormat::nvfp4, Dtype::f32,
     "cd7d4a092a842e950876ed572c447b35428e6e608bee8f3677f5cd822dbd8158",
     "4033e24c5e73339fd088ad3a2ac4ae572f087ac82d5fcc9e0bdfba10d1631a18"},
};

struct Stored {
  Bytes codes;
  Bytes scales;
  float global_scale = 1;
};

/// Room for the parts of a weight.
Stored room(LinearFormat format, LinearShape shape, Dtype scale_dtype) {
  const auto parts = linear_parts(format, shape, scale_dtype);
  REQUIRE(parts);
  Stored stored;
  for (const auto& part : *parts) {
    if (part.rows_per_unit == 0) continue;
    const auto units = (shape.rows + part.rows_per_unit - 1) / part.rows_per_unit;
    (part.role == LinearRole::codes ? stored.codes : stored.scales).resize(units * part.unit_bytes);
  }
  return stored;
}

Stored quantize(LinearFormat format, std::span<const float> values, std::uint64_t columns,
                Dtype scale_dtype, Lanes lanes = best_lanes()) {
  auto stored = room(format, {values.size() / columns, columns}, scale_dtype);
  if (format == LinearFormat::nvfp4)
    stored.global_scale = nvfp4_global_scale(largest_magnitude(values, lanes));
  quantize_linear_rows(
      format, {values, columns, scale_dtype, stored.global_scale, stored.codes, stored.scales},
      lanes);
  return stored;
}

std::vector<float> decode(LinearFormat format, const Stored& stored, LinearShape shape,
                          Dtype scale_dtype) {
  std::vector<float> values(shape.rows * shape.columns);
  dequantize_linear_rows(
      format, {stored.codes, stored.scales, shape.columns, scale_dtype, stored.global_scale},
      values);
  return values;
}

std::string hash_of(const Stored& stored, LinearFormat format) {
  Sha256 hash;
  hash.update(stored.codes);
  hash.update(stored.scales);
  if (format == LinearFormat::nvfp4) hash.update(linear_global_scale_bytes(stored.global_scale));
  return to_hex(hash.finish().bytes);
}

std::string hash_of(std::span<const float> values, Dtype rounded_to) {
  Sha256 hash;
  for (const float value : values) {
    if (rounded_to == Dtype::f32) {
      hash.update(std::as_bytes(std::span(&value, 1)));
      continue;
    }
    const auto code = rounded_to == Dtype::f16 ? float_to_half(value) : float_to_bfloat(value);
    hash.update(std::as_bytes(std::span(&code, 1)));
  }
  return to_hex(hash.finish().bytes);
}

LinearShape shape_of(LinearFormat format) {
  const bool grouped = format == LinearFormat::w4a16 || format == LinearFormat::nvfp4;
  return {133, grouped ? 384u : 200u};
}

}  // namespace

TEST_CASE("linear: the bytes and the values are those of compressed-tensors",
          "[convert][quant][linear]") {
  for (const auto& vector : vectors) {
    const auto shape = shape_of(vector.format);
    const auto values = linear_weight(shape.rows, shape.columns);
    CAPTURE(static_cast<int>(vector.format), static_cast<int>(vector.scale_dtype));
    const auto stored = quantize(vector.format, values, shape.columns, vector.scale_dtype);
    CHECK(hash_of(stored, vector.format) == vector.stored);
    const auto decoded = decode(vector.format, stored, shape, vector.scale_dtype);
    // compressed-tensors decodes NVFP4 to BF16 whatever the model's type.
    const bool nvfp4 = vector.format == LinearFormat::nvfp4;
    CHECK(hash_of(decoded, nvfp4 ? Dtype::bf16 : vector.scale_dtype) == vector.decoded);
  }
}

TEST_CASE("linear: how a weight is cut into pieces does not change the bytes",
          "[convert][quant][linear]") {
  for (const auto& vector : vectors) {
    const auto shape = shape_of(vector.format);
    const auto values = linear_weight(shape.rows, shape.columns);
    CAPTURE(static_cast<int>(vector.format));
    const auto whole = quantize(vector.format, values, shape.columns, vector.scale_dtype);
    auto cut = room(vector.format, shape, vector.scale_dtype);
    cut.global_scale = whole.global_scale;
    const auto parts = linear_parts(vector.format, shape, vector.scale_dtype);
    const auto step = vector.format == LinearFormat::fp8_block ? fp8_block_extent : 50;
    for (std::uint64_t row = 0; row < shape.rows; row += step) {
      const auto count = std::min<std::uint64_t>(step, shape.rows - row);
      const auto piece = [&](Bytes& bytes, const LinearPart& part) {
        const auto units = (count + part.rows_per_unit - 1) / part.rows_per_unit;
        return std::span(bytes).subspan(row / part.rows_per_unit * part.unit_bytes,
                                        units * part.unit_bytes);
      };
      quantize_linear_rows(vector.format,
                           {std::span(values).subspan(row * shape.columns, count * shape.columns),
                            shape.columns, vector.scale_dtype, cut.global_scale,
                            piece(cut.codes, (*parts)[0]), piece(cut.scales, (*parts)[1])});
    }
    CHECK(cut.codes == whole.codes);
    CHECK(cut.scales == whole.scales);
  }
}

TEST_CASE("linear: every width of vector gives the same bytes", "[convert][quant][linear]") {
  for (const auto& vector : vectors) {
    const auto shape = shape_of(vector.format);
    const auto values = linear_weight(shape.rows, shape.columns);
    const auto scalar =
        quantize(vector.format, values, shape.columns, vector.scale_dtype, Lanes::scalar);
    for (auto lanes = Lanes::avx2; lanes <= best_lanes();
         lanes = static_cast<Lanes>(static_cast<int>(lanes) + 1)) {
      CAPTURE(static_cast<int>(vector.format), static_cast<int>(lanes));
      const auto wide = quantize(vector.format, values, shape.columns, vector.scale_dtype, lanes);
      CHECK(wide.codes == scalar.codes);
      CHECK(wide.scales == scalar.scales);
      CHECK(wide.global_scale == scalar.global_scale);
    }
  }
}

TEST_CASE("linear: a scale that would be 0 is the epsilon of its type, the codes are 0",
          "[convert][quant][linear]") {
  const std::vector<float> zeros(128);
  const auto scale_of = [&](LinearFormat format, Dtype dtype) {
    const auto stored = quantize(format, zeros, 128, dtype);
    for (const float value : decode(format, stored, {1, 128}, dtype)) CHECK(value == 0.0f);
    return to_hex(stored.scales);
  };
  CHECK(scale_of(LinearFormat::fp8_dynamic, Dtype::f32) == "00000034");  // 2^-23
  CHECK(scale_of(LinearFormat::fp8_block, Dtype::bf16) == "00000034");
  CHECK(scale_of(LinearFormat::int8, Dtype::f16) == "0014");                // 2^-10
  CHECK(scale_of(LinearFormat::w4a16, Dtype::bf16) == "003c");              // 2^-7
  CHECK(scale_of(LinearFormat::nvfp4, Dtype::bf16) == "2020202020202020");  // 0.125
  CHECK(nvfp4_global_scale(0) == 1.0f);
  CHECK(nvfp4_global_scale(1e-39f) == 1.0f);
  CHECK(nvfp4_global_scale(2688.0f) == 1.0f);
  CHECK(nvfp4_global_scale(1.0f) == 2688.0f);
}

TEST_CASE("linear: a scale beyond F16 stays finite, what it cannot reach saturates",
          "[convert][quant][linear]") {
  std::vector<float> values(16, 1e30f);
  values[1] = -1e30f;
  const auto stored = quantize(LinearFormat::int8, values, 16, Dtype::f16);
  CHECK(to_hex(stored.scales) == "ff7b");
  CHECK(to_hex(stored.codes).substr(0, 6) == "7f807f");
  const auto fp8 = quantize(LinearFormat::fp8_dynamic, values, 16, Dtype::f16);
  CHECK(to_hex(fp8.codes).substr(0, 6) == "7efe7e");
}

TEST_CASE("linear: codes by hand, ties to even", "[convert][quant][linear]") {
  std::vector<float> values(16);
  const float first[] = {127.5f, 0.5f, 1.5f, -0.5f, -2.5f, -127.5f};
  std::ranges::copy(first, values.begin());
  CHECK(to_hex(quantize(LinearFormat::int8, values, 16, Dtype::f32).codes).substr(0, 12) ==
        "7f000200fe80");

  std::vector<float> group(128);
  const float four[] = {7.5f, -7.5f, 0.5f, 1.5f, -1.0f, 3.0f, 6.5f, -8.0f};
  std::ranges::copy(four, group.begin());
  group[7] = -7.0f;
  const auto w4 = quantize(LinearFormat::w4a16, group, 128, Dtype::f32);
  CHECK(to_hex(w4.codes).substr(0, 8) == "0fa8b71e");  // q + 8: f 0, 8 a, 7 b, e 1

  // Each tie of E2M1, at a step of 1: the largest of the group is 6.
  const float ties[] = {6.0f,  0.25f,  0.75f,  1.25f,  1.75f,  2.5f,  3.5f,  5.0f,
                        -6.0f, -0.25f, -0.75f, -1.25f, -1.75f, -2.5f, -3.5f, -5.0f};
  std::ranges::copy(ties, values.begin());
  Stored stored = room(LinearFormat::nvfp4, {1, 16}, Dtype::f32);
  quantize_linear_rows(LinearFormat::nvfp4,
                       {values, 16, Dtype::f32, 1.0f, stored.codes, stored.scales});
  CHECK(to_hex(stored.scales) == "38");  // 1
  CHECK(to_hex(stored.codes) ==
        "07224466"
        "8faaccee");
}

TEST_CASE("linear: scales that their type cannot hold are counted", "[convert][quant][linear]") {
  const auto format = GENERATE(LinearFormat::int8, LinearFormat::fp8_dynamic, LinearFormat::w4a16);
  std::vector<float> values(3 * 128, 1.0f);
  values[5] = 1e9f;
  values[300] = -1e9f;
  const auto count = [&](Dtype dtype) {
    auto stored = room(format, {3, 128}, dtype);
    quantize_linear_rows(format, {values, 128, dtype, 1.0f, stored.codes, stored.scales});
    return count_cut_scales(format, stored.scales, dtype);
  };
  CHECK(count(Dtype::f16) == 2);
  CHECK(count(Dtype::bf16) == 0);
  CHECK(count(Dtype::f32) == 0);
}

TEST_CASE("linear: the parts that are not by rows", "[convert][quant][linear]") {
  CHECK(to_hex(linear_shape_bytes({3, 256})) == "03000000000000000001000000000000");
  CHECK(to_hex(linear_global_scale_bytes(1.0f)) == "0000803f");
}

TEST_CASE("linear: the largest magnitude of any count", "[convert][quant][linear]") {
  CHECK(largest_magnitude({}) == 0.0f);
  std::vector<float> values(37);
  values[36] = -3.0f;
  CHECK(largest_magnitude(values) == 3.0f);
  values[2] = -4.0f;
  CHECK(largest_magnitude(values) == 4.0f);
}

}  // namespace waag::convert::testing
