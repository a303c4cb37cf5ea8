#pragma once

#include "convert/arch/tensor_plan.h"
#include "convert/job_spec.h"
#include "convert/recipe/importance.h"
#include "convert/recipe/recipe.h"
#include "convert/write/gguf_layout.h"

namespace waag::convert {

/// Everything about a GGUF target that is decided before a weight is read.
struct GgufPlan {
  Recipe recipe;
  Importance importance;
  std::vector<PlannedTensor> tensors;
  std::vector<TensorType> types;  // of each tensor
  std::vector<GgufFile> files;
  std::vector<std::string> warnings;
};

/// @param model  must outlive the plan
Result<GgufPlan> plan_gguf(const JobSpec& spec, const TargetSpec& target, const SourceModel& model);

}  // namespace waag::convert
