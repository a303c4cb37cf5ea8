#include "protocol/hub/card/model_config.h"

#include <algorithm>
#include <array>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "protocol/hub/card/card_fields.h"
#include "protocol/hub/card/tasks.h"

namespace waag::hub {
namespace {

namespace json = boost::json;

constexpr std::array special_tokens{"bos_token", "eos_token", "pad_token", "unk_token",
                                    "cls_token", "sep_token", "mask_token"};

/// A special token: a text, or an object that holds it.
std::string token_of(const json::object& tokenizer, std::string_view key) {
  const auto* value = tokenizer.if_contains(key);
  if (value == nullptr) return {};
  const auto* object = value->if_object();
  return object == nullptr ? text_of(tokenizer, key) : text_of(*object, "content");
}

/// What clients look for of tokenizer_config.json.
json::object tokenizer_subset(const json::object& tokenizer) {
  json::object subset;
  for (const std::string_view key : special_tokens)
    if (const auto token = token_of(tokenizer, key); !token.empty()) subset[key] = token;
  const auto* chat = tokenizer.if_contains("chat_template");
  if (chat != nullptr && (chat->is_string() || chat->is_array())) subset["chat_template"] = *chat;
  return subset;
}

std::string bits_tag(const json::object& quantization) {
  const auto flag = [&quantization](std::string_view key) {
    const auto* value = quantization.if_contains(key);
    return value != nullptr && value->is_bool() && value->get_bool();
  };
  if (flag("load_in_4bit") || flag("_load_in_4bit")) return "4-bit";
  if (flag("load_in_8bit") || flag("_load_in_8bit")) return "8-bit";
  const auto* bits = quantization.if_contains("bits");
  if (bits == nullptr || !bits->is_int64()) return {};
  const auto count = bits->get_int64();
  return count >= 1 && count <= 8 ? std::to_string(count) + "-bit" : std::string();
}

void read_quantization(const json::object& config, ModelConfig& model, json::object& shown) {
  const auto* found = config.if_contains("quantization_config");
  const auto* quantization = found == nullptr ? nullptr : found->if_object();
  if (quantization == nullptr) return;
  const auto method = text_of(*quantization, "quant_method");
  const auto bits = bits_tag(*quantization);
  if (!bits.empty()) model.quantizations.push_back(bits);
  if (!method.empty()) model.quantizations.push_back(method);
  json::object subset;
  for (const std::string_view key : {"quant_method", "bits", "load_in_4bit", "load_in_8bit"})
    if (const auto* value = quantization->if_contains(key)) subset[key] = *value;
  if (!subset.empty()) shown["quantization_config"] = std::move(subset);
}

/// Which class of a repo's own code loads it: the entry of `auto_map` for `auto_model`, else the
/// first.
std::string custom_class(const json::object& config, std::string& auto_model) {
  const auto* found = config.if_contains("auto_map");
  const auto* map = found == nullptr ? nullptr : found->if_object();
  if (map == nullptr) return {};
  const auto own = text_of(*map, auto_model);
  if (!own.empty()) return own;
  for (const auto& [key, value] : *map)
    if (key.starts_with("AutoModel") && value.is_string()) {
      auto_model = std::string(key.data(), key.size());
      return std::string(value.get_string());
    }
  return {};
}

void read_task(const json::object& config, bool has_tokenizer, ModelConfig& model) {
  if (model.architectures.empty()) return;
  const TaskHints hints{model.model_type, config.contains("vision_config"),
                        config.contains("audio_config")};
  const auto task = task_of(model.architectures.front(), hints);
  std::string auto_model(task.auto_model);
  json::object info;
  const auto custom = custom_class(config, auto_model);
  info["auto_model"] = auto_model;
  if (!custom.empty()) info["custom_class"] = custom;
  if (!task.pipeline_tag.empty()) {
    model.pipeline_tag = task.pipeline_tag;
    info["pipeline_tag"] = model.pipeline_tag;
  }
  const bool needs_tokenizer = task.processor == "AutoTokenizer";
  if (!task.processor.empty() && (!needs_tokenizer || has_tokenizer))
    info["processor"] = json::string_view(task.processor.data(), task.processor.size());
  model.transformers_json = json::serialize(info);
}

void read_config(const ConfigFiles& files, ModelConfig& model, json::object& shown) {
  const auto config = object_of(files.config);
  model.model_type = text_of(config, "model_type");
  model.architectures = texts_of(config, "architectures");
  for (const std::string_view key : {"architectures", "auto_map", "model_type"})
    if (const auto* value = config.if_contains(key)) shown[key] = *value;
  read_quantization(config, model, shown);
  read_task(config, !files.tokenizer_config.empty(), model);
}

void read_tokenizer(const ConfigFiles& files, ModelConfig& model, json::object& shown) {
  const auto tokenizer = object_of(files.tokenizer_config);
  model.mask_token = token_of(tokenizer, "mask_token");
  auto subset = tokenizer_subset(tokenizer);
  model.chats = subset.contains("chat_template") || !files.chat_template.empty();
  if (!subset.empty()) shown["tokenizer_config"] = std::move(subset);
  if (!files.chat_template.empty()) shown["chat_template_jinja"] = files.chat_template;
}

bool is_repo_name(std::string_view name) {
  return std::ranges::count(name, '/') == 1 && !name.starts_with('/') && !name.starts_with('.') &&
         !name.ends_with('/');
}

void read_adapter(const ConfigFiles& files, ModelConfig& model, json::object& shown) {
  const auto adapter = object_of(files.adapter_config);
  if (adapter.empty()) return;
  model.is_adapter = true;
  const auto base = text_of(adapter, "base_model_name_or_path");
  if (is_repo_name(base)) model.adapter_base = base;
  json::object subset;
  for (const std::string_view key : {"base_model_name_or_path", "peft_type", "task_type"})
    if (const auto* value = adapter.if_contains(key)) subset[key] = *value;
  shown["peft"] = std::move(subset);
}

void read_pipeline(const ConfigFiles& files, ModelConfig& model, json::object& shown) {
  const auto index = object_of(files.model_index);
  const auto name = text_of(index, "_class_name");
  if (name.empty()) return;
  model.is_diffusers = true;
  json::object subset;
  subset["_class_name"] = name;
  shown["diffusers"] = std::move(subset);
  if (!model.pipeline_tag.empty()) return;
  if (name.find("Img2Img") != std::string::npos || name.find("Inpaint") != std::string::npos) {
    model.pipeline_tag = "image-to-image";
  } else if (name.find("Video") != std::string::npos) {
    model.pipeline_tag = "text-to-video";
  } else if (name.starts_with("StableDiffusion") || name.starts_with("Flux")) {
    model.pipeline_tag = "text-to-image";
  }
}

}  // namespace

ModelConfig read_model_config(const ConfigFiles& files) {
  ModelConfig model;
  json::object shown;
  read_config(files, model, shown);
  read_tokenizer(files, model, shown);
  read_adapter(files, model, shown);
  read_pipeline(files, model, shown);
  if (!shown.empty()) model.json = json::serialize(shown);
  return model;
}

}  // namespace waag::hub
