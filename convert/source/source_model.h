#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "protocol/bytes.h"
#include "protocol/model/tensor.h"

namespace waag::convert {

/// One weight of a model as its architecture names it. A quantized weight, spread over several
/// stored tensors (weight_packed, weight_scale, ...), is one of these under its plain name
/// ("model.layers.0.mlp.up_proj.weight").
struct SourceTensor {
  std::string name;
  std::vector<std::uint64_t> shape;  // slowest dimension first; of the logical values
  /// Element type of the stored values; of a quantized weight, that of its codes.
  model::Dtype dtype{model::Dtype::f32};
  /// Stored in a lossy format that is not the model's own ("gptq", "awq", "compressed-tensors"):
  /// converting again is refused unless asked for. Empty otherwise; FP8 that the model was
  /// published in is its own.
  std::string requantized_from;

  /// Of the last dimension; 1 for a scalar.
  [[nodiscard]] std::uint64_t columns() const { return shape.empty() ? 1 : shape.back(); }
  [[nodiscard]] std::uint64_t elements() const {
    std::uint64_t product = 1;
    for (const auto extent : shape) product *= extent;
    return product;
  }
  [[nodiscard]] std::uint64_t rows() const { return columns() == 0 ? 0 : elements() / columns(); }
};

/// A model folder as Hugging Face lays it out: config.json, tokenizer files, and weights in
/// *.safetensors (one or several with an index) or, if there are none, in *.bin.
///
/// Opening reads and checks every header (FORMATS 1.2, 1.3), no weights. Reading is thread-safe.
class SourceModel {
 public:
  /// @return Errc::unprocessable, naming the file and the rule, if anything about the folder is not
  /// as it must be; Errc::not_found if there is no config.json or no weights
  static Result<SourceModel> open(const std::filesystem::path& folder);
  ~SourceModel();
  SourceModel(SourceModel&&) noexcept;
  SourceModel& operator=(SourceModel&&) noexcept;

  /// By name.
  [[nodiscard]] const std::map<std::string, SourceTensor, std::less<>>& tensors() const;
  /// nullptr if there is none of that name.
  [[nodiscard]] const SourceTensor* find(std::string_view name) const;
  /// The text of config.json.
  [[nodiscard]] const std::string& config_text() const;
  [[nodiscard]] const std::filesystem::path& folder() const;

  /// Values of rows [first_row, first_row + count) of the tensor seen as rows() x columns(),
  /// decoded to F32 (dequantized where it is quantized).
  /// @param values  count x columns()
  /// @return Errc::unprocessable if one is not finite (the message names the tensor) or the file
  /// ends early, or the tensor is of a type that no weights are of (I64, BOOL, ...);
  /// Errc::invalid_argument if there are no such rows
  Status read_rows(const SourceTensor& tensor, std::uint64_t first_row, std::uint64_t count,
                   std::span<float> values) const;

  /// The stored bytes of a tensor under its stored name, for copying; nullptr-like empty optional
  /// is never returned: Errc::not_found if there is none; Errc::unprocessable if its bytes are not
  /// in the order of its elements (a transposed view in a *.bin).
  struct Stored {
    model::TensorInfo info;      // begin and end are offsets in `file`
    std::filesystem::path file;  // within folder()
  };
  [[nodiscard]] Result<Stored> stored(std::string_view name) const;
  /// Reads bytes of a stored tensor; `offset_bytes` counts from the tensor's first.
  Status read_stored(const Stored& stored, std::uint64_t offset_bytes,
                     std::span<std::byte> out) const;

 private:
  struct State;
  SourceModel();
  std::unique_ptr<State> state_;
};

}  // namespace waag::convert
