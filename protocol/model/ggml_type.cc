#include "protocol/model/ggml_type.h"

#include <algorithm>
#include <array>
#include <limits>

namespace waag::model {
namespace {

constexpr std::array<GgmlType, 35> types{{
    {0, "F32", 1, 4, Dtype::f32},
    {1, "F16", 1, 2, Dtype::f16},
    {2, "Q4_0", 32, 18},
    {3, "Q4_1", 32, 20},
    {6, "Q5_0", 32, 22},
    {7, "Q5_1", 32, 24},
    {8, "Q8_0", 32, 34},
    {9, "Q8_1", 32, 36},
    {10, "Q2_K", 256, 84},
    {11, "Q3_K", 256, 110},
    {12, "Q4_K", 256, 144},
    {13, "Q5_K", 256, 176},
    {14, "Q6_K", 256, 210},
    {15, "Q8_K", 256, 292},
    {16, "IQ2_XXS", 256, 66},
    {17, "IQ2_XS", 256, 74},
    {18, "IQ3_XXS", 256, 98},
    {19, "IQ1_S", 256, 50},
    {20, "IQ4_NL", 32, 18},
    {21, "IQ3_S", 256, 110},
    {22, "IQ2_S", 256, 82},
    {23, "IQ4_XS", 256, 136},
    {24, "I8", 1, 1, Dtype::i8},
    {25, "I16", 1, 2, Dtype::i16},
    {26, "I32", 1, 4, Dtype::i32},
    {27, "I64", 1, 8, Dtype::i64},
    {28, "F64", 1, 8, Dtype::f64},
    {29, "IQ1_M", 256, 56},
    {30, "BF16", 1, 2, Dtype::bf16},
    {34, "TQ1_0", 256, 54},
    {35, "TQ2_0", 256, 66},
    {39, "MXFP4", 32, 17},
    {40, "NVFP4", 64, 36},
    {41, "Q1_0", 128, 18},
    {42, "Q2_0", 64, 18},
}};

}  // namespace

std::optional<GgmlType> ggml_type(std::uint32_t id) {
  const auto found = std::ranges::find(types, id, &GgmlType::id);
  if (found == types.end()) return std::nullopt;
  return *found;
}

Result<std::uint64_t> ggml_tensor_bytes(const GgmlType& type,
                                        std::span<const std::uint64_t> shape) {
  const auto bad = [](const char* what) {
    return fail(Errc::unprocessable, std::string("GGUF: ") + what);
  };
  const std::uint64_t row = shape.empty() ? 1 : shape.front();
  if (row % type.block_elements != 0) return bad("row is not a whole number of blocks");
  std::int64_t elements = 1;  // signed, as its readers count
  for (const auto extent : shape)
    if (extent > std::numeric_limits<std::int64_t>::max() ||
        __builtin_mul_overflow(elements, static_cast<std::int64_t>(extent), &elements))
      return bad("tensor too large");
  std::uint64_t bytes = 0;
  if (__builtin_mul_overflow(static_cast<std::uint64_t>(elements) / type.block_elements,
                             std::uint64_t{type.block_bytes}, &bytes))
    return bad("tensor too large");
  return bytes;
}

}  // namespace waag::model
