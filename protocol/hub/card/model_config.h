#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace waag::hub {

/// The small files of a model repo that say what the model is; "" for those that it lacks.
struct ConfigFiles {
  std::string config;            // config.json
  std::string tokenizer_config;  // tokenizer_config.json
  std::string adapter_config;    // adapter_config.json
  std::string model_index;       // model_index.json
  std::string chat_template;     // chat_template.jinja
};

/// What those files say. A file that is no JSON object counts as absent.
struct ModelConfig {
  std::string json;               // the `config` field: an object; "" if there is nothing to show
  std::string transformers_json;  // the `transformersInfo` field; "" if it is no such model
  std::string model_type;
  std::vector<std::string> architectures;
  std::string pipeline_tag;                // derived; "" if unknown
  std::vector<std::string> quantizations;  // tags: "gptq", "4-bit", "fp8"
  std::string mask_token;
  std::string adapter_base;  // the model that an adapter is for, if it is "ns/name"
  bool is_adapter = false;
  bool is_diffusers = false;
  bool chats = false;  // it has a chat template
};

ModelConfig read_model_config(const ConfigFiles& files);

}  // namespace waag::hub
