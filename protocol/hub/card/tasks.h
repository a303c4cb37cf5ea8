#pragma once

#include <string_view>

namespace waag::hub {

/// What a model class of transformers is loaded with and good for.
struct Task {
  std::string_view auto_model;    // "AutoModelForCausalLM"
  std::string_view pipeline_tag;  // "" if the class alone does not say
  std::string_view processor;     // "AutoTokenizer"; "" if unknown
};

/// What else of a config decides.
struct TaskHints {
  std::string_view model_type;
  bool sees = false;   // it has a vision_config
  bool hears = false;  // it has an audio_config
};

/// @param architecture  such as "Qwen2ForCausalLM"
/// @return auto_model "AutoModel" alone for classes that are not known
/// Source: huggingface/transformers, models/auto/modeling_auto.py; huggingface.js, tasks.
Task task_of(std::string_view architecture, const TaskHints& hints);

/// Whether `tag` is one of the Hub's tasks. Source: huggingface.js,
/// packages/tasks/src/pipelines.ts.
bool is_pipeline_tag(std::string_view tag);

}  // namespace waag::hub
