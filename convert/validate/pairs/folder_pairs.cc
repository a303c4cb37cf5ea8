#include "convert/validate/pairs/folder_pairs.h"

#include <algorithm>

#include "convert/forward/weights/named_rows.h"
#include "convert/source/decode/floats_of_bytes.h"
#include "convert/source/expert_views.h"
#include "convert/source/stored_tensor.h"
#include "convert/validate/pairs/code_ends.h"
#include "protocol/model/safetensors_header.h"

namespace waag::convert {
namespace {

constexpr std::string_view packed = "_packed";

Error bad(const std::string& name, const std::string& what) {
  return fail(Errc::unprocessable, "tensor " + name + " of the safetensors result " + what);
}

/// What the codes of a quantized weight are.
struct Codes {
  LinearFormat format{LinearFormat::fp8_dynamic};
  std::string_view name;           // of the target
  std::uint64_t block_values = 1;  // as WeightPair
};

std::optional<TensorType> float_type(model::Dtype dtype) {
  if (dtype == model::Dtype::f32) return TensorType::f32;
  if (dtype == model::Dtype::f16) return TensorType::f16;
  if (dtype == model::Dtype::bf16) return TensorType::bf16;
  return std::nullopt;
}

class Folder {
 public:
  Folder(const SourceModel& source, const SourceModel& made, const StoredTensors& stored,
         const Dimensions& dimensions)
      : source_(source),
        made_(made),
        stored_(stored),
        dimensions_(dimensions),
        names_(source, dimensions) {}

  /// Every tensor of the source is there, by itself or as its experts.
  [[nodiscard]] Status check_complete() const {
    for (const auto& [name, tensor] : source_.tensors()) {
      if (made_.find(name) != nullptr) continue;
      const auto views = expert_views(tensor, dimensions_.hidden, dimensions_.expert_feed);
      if (views.empty()) return bad(name, "is missing");
      for (const auto& view : views)
        if (made_.find(view.tensor.name) == nullptr) return bad(view.tensor.name, "is missing");
    }
    return ok();
  }

  Result<WeightPair> pair_of(const StoredTensor& stored) const {
    const auto& info = stored.info;
    WeightPair pair;
    pair.name = info.name;
    pair.type = model::safetensors_name(info.dtype);
    pair.shape = info.shape;
    pair.bytes = {stored.file, info.begin, info.end};
    const auto* weight = made_.find(weight_name(info.name));
    if (weight == nullptr) {
      if (is_part(info.name)) return pair;
      return bad(info.name, "comes of nothing in its source");
    }
    const auto* source = source_of(weight->name);
    if (source == nullptr) return bad(info.name, "comes of nothing in its source");
    if (names_.shape(weight->name) != weight->shape) return bad(info.name, "is of another shape");
    const auto codes = codes_of(*weight, info);
    if (!codes && !is_float_type(info.dtype)) return pair;
    if (codes) {
      pair.type = codes->name;
      pair.block_values = codes->block_values;
    } else if (is_plain_float(*source)) {
      pair.kept_in = float_type(info.dtype);
    }
    pair.is_lenient = !source->requantized_from.empty();
    pair.shape = weight->shape;
    pair.columns = weight->columns();
    pair.tiles = tiles_of_rows(weight->rows(), weight->columns());
    pair.read = [this, weight, codes, &stored](std::size_t, std::uint64_t first_row,
                                               std::span<float> of_source,
                                               std::span<float> of_file) {
      return read(*weight, codes, stored, first_row, of_source, of_file);
    };
    return pair;
  }

 private:
  /// Under which name the model has what is stored under this one, if it is a weight.
  static std::string_view weight_name(std::string_view stored) {
    if (stored.ends_with(packed)) stored.remove_suffix(packed.size());
    return stored;
  }

  /// "a.weight_scale" and others beside "a.weight".
  [[nodiscard]] bool is_part(const std::string& name) const {
    const auto at = name.rfind(".weight_");
    return at != std::string::npos && made_.find(name.substr(0, at) + ".weight") != nullptr;
  }

  [[nodiscard]] std::optional<Codes> codes_of(const SourceTensor& weight,
                                              const model::TensorInfo& info) const {
    const bool is_packed = weight.name != info.name;
    if (is_packed && info.dtype == model::Dtype::i32)
      return Codes{LinearFormat::w4a16, "w4a16", w4a16_group};
    if (is_packed && info.dtype == model::Dtype::u8)
      return Codes{LinearFormat::nvfp4, "nvfp4", nvfp4_group};
    if (stored_.contains(weight.name + "_scale_inv"))
      return Codes{LinearFormat::fp8_block, "fp8-block", 1};
    if (!stored_.contains(weight.name + "_scale")) return std::nullopt;
    if (info.dtype == model::Dtype::i8) return Codes{LinearFormat::int8, "int8", 1};
    return Codes{LinearFormat::fp8_dynamic, "fp8-dynamic", 1};
  }

  /// What the weight was made of.
  [[nodiscard]] const SourceTensor* source_of(const std::string& name) const {
    std::uint64_t row = 0;
    const auto found = names_.find(name, row, 0);
    return found ? *found : nullptr;
  }

  Result<std::optional<std::uint64_t>> read(const SourceTensor& weight,
                                            const std::optional<Codes>& codes,
                                            const StoredTensor& stored, std::uint64_t first_row,
                                            std::span<float> of_source,
                                            std::span<float> of_file) const {
    const auto rows = of_file.size() / weight.columns();
    auto source_row = first_row;
    WAAG_TRY(const auto* tensor, names_.find(weight.name, source_row, of_source.size()));
    WAAG_CHECK(source_.read_rows(*tensor, source_row, rows, of_source));
    // What is not finite is to be counted: it is the one error that leaves such values behind.
    if (const auto done = made_.read_rows(weight, first_row, rows, of_file);
        !done && count_not_finite(of_file) == 0)
      return done.error();
    if (!codes) return std::optional<std::uint64_t>();
    const auto bytes_of_row = (stored.info.end - stored.info.begin) / weight.rows();
    Bytes bytes(rows * bytes_of_row);
    WAAG_CHECK(stored.file->read_at(stored.info.begin + first_row * bytes_of_row, bytes));
    return std::optional(count_saturated(codes->format, bytes, of_source, of_file));
  }

  const SourceModel& source_;
  const SourceModel& made_;
  const StoredTensors& stored_;
  const Dimensions& dimensions_;
  RowNames names_;
};

}  // namespace

Status each_folder_pair(const SourceModel& source, const std::filesystem::path& folder,
                        const std::function<Status(const WeightPair&)>& on_pair) {
  WAAG_TRY(const auto config, ModelConfig::parse(source.config_text()));
  WAAG_TRY(const auto* architecture, find_architecture(config));
  WAAG_TRY(const auto dimensions, read_dimensions(*architecture, config));
  WAAG_TRY(const auto made, SourceModel::open(folder));
  WAAG_TRY(const auto stored, open_stored_tensors(folder));
  const Folder pairs(source, made, stored, dimensions);
  WAAG_CHECK(pairs.check_complete());
  for (const auto& [name, tensor] : stored) {
    WAAG_TRY(const auto pair, pairs.pair_of(tensor));
    WAAG_CHECK(on_pair(pair));
  }
  return ok();
}

}  // namespace waag::convert
