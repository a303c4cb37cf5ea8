#include <array>
#include <optional>

#include "convert/quant/floats.h"
#include "convert/source/layout/assembly.h"

// FP4 (E2M1), two adjacent columns a byte, the even one in its low nibble; x = q * scale.
//
//   NVFP4 of compressed-tensors  weight_packed U8 [out, in/2], weight_scale F8_E4M3 [out, in/16],
//                                weight_global_scale F32 [1]: scale = weight_scale / global
//   MXFP4 of compressed-tensors  weight_packed, weight_scale U8 [out, in/32], which is E8M0
//   NVFP4 of ModelOpt            weight U8 [out, in/2], weight_scale F8_E4M3 [out, in/16],
//                                weight_scale_2 F32: scale = weight_scale * weight_scale_2
//   gpt-oss                      W_blocks U8 [E, out, in/32, 16], W_scales U8 [E, out, in/32]: E8M0
//
// Source: FORMATS 5.1, 5.2.

namespace waag::convert {
namespace {

constexpr std::array<float, 16> e2m1{0.0f,  0.5f,  1.0f,  1.5f,  2.0f,  3.0f,  4.0f,  6.0f,
                                     -0.0f, -0.5f, -1.0f, -1.5f, -2.0f, -3.0f, -4.0f, -6.0f};
constexpr std::uint64_t nvfp4_group = 16;
constexpr std::uint64_t mxfp4_group = 32;

using Shape = std::vector<std::uint64_t>;

class Fp4Rows : public RowReader {
 public:
  StoredTensor codes;
  StoredTensor scales;  // F8_E4M3 or F8_E8M0
  std::uint64_t group = mxfp4_group;
  const StoredTensor* global = nullptr;  // of the model's StoredTensors, which outlive this
  bool divide = false;                   // by the global scale

  Status read(std::uint64_t first_row, std::uint64_t count,
              std::span<float> values) const override {
    if (count == 0) return ok();
    const auto columns = values.size() / count;
    const auto groups = columns / group;
    float factor = 1.0f;
    if (global != nullptr) WAAG_CHECK(read_floats(*global, 0, {&factor, 1}));
    std::vector<std::uint8_t> row_codes(columns / 2);
    std::vector<float> scale(groups);
    for (std::uint64_t row = 0; row < count; ++row) {
      WAAG_CHECK(read_codes(codes, (first_row + row) * row_codes.size(), row_codes));
      WAAG_CHECK(read_floats(scales, (first_row + row) * groups, scale));
      const auto out = values.subspan(row * columns, columns);
      for (std::uint64_t g = 0; g < groups; ++g) {
        const float by = divide ? scale[g] / factor : scale[g] * factor;
        for (std::uint64_t column = g * group; column < (g + 1) * group; column += 2) {
          const auto pair = row_codes[column / 2];
          out[column] = e2m1[pair & 0xfu] * by;
          out[column + 1] = e2m1[pair >> 4] * by;
        }
      }
    }
    return ok();
  }
};

struct Parts {
  std::string name;  // of the weight
  const StoredTensor* codes;
  const StoredTensor* scales;
  const StoredTensor* global;  // nullptr: none
  bool divide;
  std::string from;
};

/// @param shape  of the weight: its last extent is that of the values
Status add_fp4(Assembly& assembly, const Parts& parts, const Shape& shape) {
  auto rows = std::make_shared<Fp4Rows>();
  rows->codes = *parts.codes;
  rows->scales = *parts.scales;
  rows->global = parts.global;
  rows->divide = parts.divide;
  auto& scale_type = rows->scales.info.dtype;
  if (parts.global != nullptr) {
    rows->group = nvfp4_group;
    if (scale_type != model::Dtype::f8_e4m3)
      return bad_weight(parts.scales->info.name, "is not F8_E4M3, as scales of NVFP4 are");
    if (parts.global->elements() != 1)
      return bad_weight(parts.global->info.name, "is not one number");
    assembly.use(parts.global->info.name);
  } else {
    if (scale_type != model::Dtype::u8 && scale_type != model::Dtype::f8_e8m0)
      return bad_weight(parts.scales->info.name, "is not U8, as scales of MXFP4 are");
    scale_type = model::Dtype::f8_e8m0;
  }
  if (parts.codes->info.dtype != model::Dtype::u8)
    return bad_weight(parts.codes->info.name, "is not U8");
  auto scale_shape = shape;
  scale_shape.back() /= rows->group;
  if (shape.back() % rows->group != 0 || parts.scales->info.shape != scale_shape)
    return bad_weight(parts.scales->info.name,
                      "has not one scale for " + std::to_string(rows->group) + " columns");
  assembly.use(parts.codes->info.name);
  assembly.use(parts.scales->info.name);
  SourceTensor weight{parts.name, shape, model::Dtype::f4, parts.from};
  return assembly.add({std::move(weight), std::move(rows)});
}

/// Of codes that hold two columns a byte.
Result<Shape> unpacked_shape(const StoredTensor& codes) {
  auto shape = codes.info.shape;
  if (shape.size() < 2 || __builtin_mul_overflow(shape.back(), 2, &shape.back()))
    return bad_weight(codes.info.name, "is no matrix");
  return shape;
}

Status add_compressed_tensors(Assembly& assembly, const std::string& module) {
  WAAG_TRY(const auto* codes, assembly.part(module, ".weight_packed"));
  WAAG_TRY(const auto* scales, assembly.part(module, ".weight_scale"));
  const auto* global = assembly.find(module + ".weight_global_scale");
  WAAG_TRY(const auto shape, unpacked_shape(*codes));
  const Parts parts{module + ".weight", codes, scales, global, true, "compressed-tensors"};
  return add_fp4(assembly, parts, shape);
}

Status add_modelopt(Assembly& assembly, const std::string& module) {
  WAAG_TRY(const auto* codes, assembly.part(module, ".weight"));
  WAAG_TRY(const auto* scales, assembly.part(module, ".weight_scale"));
  WAAG_TRY(const auto* global, assembly.part(module, ".weight_scale_2"));
  WAAG_TRY(const auto shape, unpacked_shape(*codes));
  return add_fp4(assembly, {module + ".weight", codes, scales, global, false, "modelopt"}, shape);
}

Status add_blocks(Assembly& assembly, const std::string& name) {
  WAAG_TRY(const auto* codes, assembly.part(name, "_blocks"));
  WAAG_TRY(const auto* scales, assembly.part(name, "_scales"));
  auto shape = codes->info.shape;
  if (shape.size() < 3 || shape.back() != mxfp4_group / 2)
    return bad_weight(codes->info.name, "is not of blocks of 16 bytes");
  shape.pop_back();
  if (__builtin_mul_overflow(shape.back(), mxfp4_group, &shape.back()))
    return bad_weight(codes->info.name, "is too large");
  return add_fp4(assembly, {name, codes, scales, nullptr, false, "mxfp4"}, shape);
}

}  // namespace

Status assemble_fp4(Assembly& assembly) {
  const auto method = assembly.how().method;
  for (const auto& [name, tensor] : assembly.stored()) {
    if (tensor.info.dtype != model::Dtype::u8) continue;
    using Method = Quantization::Method;
    if (const auto module = module_of(name, ".weight_packed");
        module && method == Method::compressed_tensors)
      WAAG_CHECK(add_compressed_tensors(assembly, *module));
    if (const auto module = module_of(name, ".weight"); module && method == Method::modelopt)
      WAAG_CHECK(add_modelopt(assembly, *module));
    if (const auto module = module_of(name, "_blocks"); module && method == Method::mxfp4)
      WAAG_CHECK(add_blocks(assembly, *module));
  }
  return ok();
}

}  // namespace waag::convert
