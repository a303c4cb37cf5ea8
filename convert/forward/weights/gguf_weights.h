#pragma once

#include "convert/arch/tensor_plan.h"
#include "convert/forward/weights/gguf_tensors.h"
#include "convert/forward/weights/model_weights.h"
#include "convert/forward/weights/named_rows.h"

namespace waag::convert {

/// The weights of a GGUF file that was made of a known model, put back where they came from: rotary
/// pairs are halves again, experts stand apart, the two parts of kv_b_proj are one.
class GgufWeights : public ModelWeights {
 public:
  /// @param source  what the file was made of; must outlive this. Its weights are not read
  /// @return Errc::unprocessable, naming the tensor, if the file has not exactly the tensors that
  /// the converter makes of the source, in their shapes, or another rope_freqs.weight
  static Result<GgufWeights> open(const std::filesystem::path& path, const SourceModel& source);

  [[nodiscard]] std::optional<std::vector<std::uint64_t>> shape(
      std::string_view name) const override;
  Status read(std::string_view name, std::uint64_t first_row,
              std::span<float> values) const override;

 private:
  /// Where a run of a source tensor's rows went.
  struct Place {
    const GgufStored* tensor = nullptr;
    std::uint64_t first_row = 0;  // of the GGUF's tensor
    RowRun run;
  };
  using Places = std::vector<Place>;  // by the source's rows

  explicit GgufWeights(RowNames names) : names_(std::move(names)) {}
  Status place(const std::vector<PlannedTensor>& plan);
  static Status read_run(const Place& place, std::uint64_t first_row, std::span<float> values);

  RowNames names_;
  GgufTensors tensors_;
  std::map<std::string, Places, std::less<>> places_;  // by the source's tensors
};

}  // namespace waag::convert
