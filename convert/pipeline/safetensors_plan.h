#pragma once

#include "convert/job_spec.h"
#include "convert/quant/linear/quantize_linear.h"
#include "convert/source/source_model.h"
#include "convert/write/linear_selection.h"
#include "convert/write/safetensors_layout.h"

namespace waag::convert {

/// One stored tensor of the output that a weight fills.
struct PlannedPart {
  LinearPart part;  // of a copied weight: role codes, a unit a row
  SafetensorsLayout::Place place;
};

/// One weight of the output and what becomes of it.
struct PlannedWeight {
  enum class Way : std::uint8_t {
    copied,     // its stored bytes, as they are
    decoded,    // values that were stored in a format that is given up, in the model's type
    quantized,  // to the target's format
  };
  const SourceTensor* source = nullptr;  // or an expert's weight in `fused`
  const SourceTensor* fused = nullptr;   // of the source; nullptr: the weight is a tensor there
  std::uint64_t first_row = 0;           // of the weight in it
  Way way{Way::copied};
  std::vector<PlannedPart> parts;
  std::string stacked_name;  // nvfp4: those of one name share a global scale
};

/// Everything about a safetensors target that is decided before a weight is read.
struct SafetensorsPlan {
  LinearFormat format{LinearFormat::fp8_dynamic};
  model::Dtype model_dtype{model::Dtype::bf16};
  SafetensorsLayout layout;
  std::vector<PlannedWeight> weights;
  /// What `weights` point to: the source's, but for experts that were taken apart.
  std::map<std::string, SourceTensor, std::less<>> tensors;
  /// Small files by name: config.json and others made for the target.
  std::map<std::string, std::string> texts;
  std::vector<std::string> warnings;
};

/// By its name in a job: "fp8-dynamic", "fp8-block", "int8", "w4a16", "nvfp4".
/// @return Errc::invalid_argument with all of them if there is none
Result<LinearFormat> find_linear_format(std::string_view name);

/// @param model  must outlive the plan
/// @return Errc::unprocessable if nothing of the model can be quantized, or it is lossy already and
/// that was not allowed
Result<SafetensorsPlan> plan_safetensors(const JobSpec& spec, const TargetSpec& target,
                                         const SourceModel& model);

}  // namespace waag::convert
