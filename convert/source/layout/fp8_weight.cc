#include "convert/source/decode/floats_of_bytes.h"
#include "convert/source/layout/assembly.h"
#include "convert/source/layout/scale_grid.h"

namespace waag::convert {
namespace {

/// x = q * scale, each scale of a tensor, a row or a block.
class Fp8Rows : public RowReader {
 public:
  Fp8Rows(const StoredTensor& codes, ScaleGrid scales)
      : codes_(codes), scales_(std::move(scales)) {}

  Status read(std::uint64_t first_row, std::uint64_t count,
              std::span<float> values) const override {
    if (count == 0) return ok();
    const auto columns = values.size() / count;
    WAAG_CHECK(read_floats(codes_, first_row * columns, values));
    return multiply_by(scales_, first_row, columns, values);
  }

 private:
  StoredTensor codes_;
  ScaleGrid scales_;
};

}  // namespace

Status assemble_fp8(Assembly& assembly, const std::string& from) {
  for (const auto& [name, tensor] : assembly.stored()) {
    if (tensor.info.dtype != model::Dtype::f8_e4m3 && tensor.info.dtype != model::Dtype::f8_e5m2)
      continue;
    if (assembly.is_used(name)) continue;
    const auto* scale = assembly.find(name + "_scale_inv");
    if (scale == nullptr) scale = assembly.find(name + "_scale");
    if (scale == nullptr)
      return bad_weight(name, "has neither " + name + "_scale_inv nor " + name + "_scale");
    if (!tensor.strides.empty())
      return bad_weight(name, "has strides, which a quantized weight may not");
    auto scales = *scale;
    if (scales.info.dtype == model::Dtype::u8) scales.info.dtype = model::Dtype::f8_e8m0;  // MXFP8
    if (!is_float_type(scales.info.dtype)) return bad_weight(scales.info.name, "is no scale");
    WAAG_TRY(auto grid, ScaleGrid::of(tensor.info.shape, scales, assembly.how().block));
    SourceTensor weight{name, tensor.info.shape, tensor.info.dtype, from};
    auto rows = std::make_shared<Fp8Rows>(tensor, std::move(grid));
    WAAG_CHECK(assembly.add({std::move(weight), std::move(rows)}));
    assembly.use(name);
    assembly.use(scale->info.name);
  }
  return ok();
}

}  // namespace waag::convert
