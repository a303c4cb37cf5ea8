#include "protocol/hub/card/file_traits.h"

#include <array>

namespace waag::hub {
namespace {

std::string_view name_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

struct Format {
  std::string_view tag;
  bool (*has)(std::string_view path);
};

bool is_pytorch(std::string_view path) {
  const auto name = name_of(path);
  return name.starts_with("pytorch_model") && name.ends_with(".bin");
}
bool is_onnx(std::string_view path) { return path.ends_with(".onnx") || path.starts_with("onnx/"); }
bool is_openvino(std::string_view path) {
  const auto name = name_of(path);
  return name.starts_with("openvino_") && name.ends_with(".xml");
}
bool is_coreml(std::string_view path) {
  return path.ends_with(".mlmodel") || path.find(".mlpackage/") != std::string_view::npos;
}

constexpr std::array model_formats{
    Format{"pytorch", is_pytorch},
    Format{"tf", [](std::string_view path) { return name_of(path) == "tf_model.h5"; }},
    Format{"jax", [](std::string_view path) { return name_of(path) == "flax_model.msgpack"; }},
    Format{"tflite", [](std::string_view path) { return path.ends_with(".tflite"); }},
    Format{"rust", [](std::string_view path) { return name_of(path) == "rust_model.ot"; }},
    Format{"coreml", is_coreml},
    Format{"onnx", is_onnx},
    Format{"safetensors", [](std::string_view path) { return path.ends_with(".safetensors"); }},
    Format{"openvino", is_openvino},
    Format{"gguf", [](std::string_view path) { return path.ends_with(".gguf"); }},
    Format{"tensorboard",
           [](std::string_view path) { return name_of(path).starts_with("events.out.tfevents"); }},
};

/// Configuration that lies beside the data is no data.
bool is_json_data(std::string_view path) {
  if (path.ends_with(".jsonl") || path.ends_with(".jsonl.gz") || path.ends_with(".json.gz"))
    return true;
  const auto name = name_of(path);
  return name.ends_with(".json") && name != "dataset_infos.json" && name != "dataset_dict.json" &&
         name != "state.json" && name != "dataset_info.json";
}
bool is_csv(std::string_view path) {
  return path.ends_with(".csv") || path.ends_with(".tsv") || path.ends_with(".csv.gz");
}

constexpr std::array data_formats{
    Format{"parquet", [](std::string_view path) { return path.ends_with(".parquet"); }},
    Format{"json", is_json_data},
    Format{"csv", is_csv},
    Format{"arrow", [](std::string_view path) { return path.ends_with(".arrow"); }},
    Format{"webdataset", [](std::string_view path) { return path.ends_with(".tar"); }},
    Format{"text", [](std::string_view path) { return path.ends_with(".txt"); }},
};

template <class Formats>
std::vector<std::string> found(const Formats& formats, std::span<const std::string> paths) {
  std::array<bool, std::tuple_size_v<Formats>> seen{};
  for (const auto& path : paths)
    for (std::size_t i = 0; i < formats.size(); ++i) seen[i] = seen[i] || formats[i].has(path);
  std::vector<std::string> tags;
  for (std::size_t i = 0; i < formats.size(); ++i)
    if (seen[i]) tags.emplace_back(formats[i].tag);
  return tags;
}

}  // namespace

FileTraits file_traits(std::span<const std::string> paths) {
  FileTraits traits;
  traits.model_formats = found(model_formats, paths);
  traits.data_formats = found(data_formats, paths);
  for (const auto& path : paths) {
    traits.has_modules = traits.has_modules || path == "modules.json";
    traits.has_open_clip = traits.has_open_clip || path == "open_clip_config.json";
    traits.has_gguf = traits.has_gguf || path.ends_with(".gguf");
  }
  return traits;
}

}  // namespace waag::hub
