#include "daemon/api/v2/ollama_image.h"

#include <array>
#include <cstdio>

#include "daemon/api/v2/chat_template.h"
#include "protocol/hash.h"
#include "protocol/hub/json_writer.h"

namespace waag::daemon {
namespace {

constexpr std::string_view config_type = "application/vnd.docker.container.image.v1+json";
constexpr std::string_view manifest_type = "application/vnd.docker.distribution.manifest.v2+json";

std::string layer_type(std::string_view what) {
  return "application/vnd.ollama.image." + std::string(what);
}

std::string digest_text(const BlobId& digest) { return "sha256:" + digest.hex(); }

void add_text(Image& image, std::string_view what, std::string content) {
  if (content.empty()) return;
  const auto digest = sha256(as_bytes(content));
  image.layers.push_back({layer_type(what), digest, content.size()});
  image.texts.push_back({digest, std::move(content)});
}

std::string config_json(const ImageParts& parts, const std::vector<ImageLayer>& layers) {
  hub::JsonWriter json;
  json.begin_object().field("model_format", "gguf");
  if (parts.facts && !parts.facts->architecture.empty()) {
    json.field("model_family", parts.facts->architecture);
    json.key("model_families").begin_array().string(parts.facts->architecture).end_array();
  }
  if (parts.facts) json.field("model_type", parameters_text(parts.facts->total));
  json.field("file_type", parts.tag).field("architecture", "amd64").field("os", "linux");
  json.key("rootfs").begin_object().field("type", "layers").key("diff_ids").begin_array();
  for (const auto& layer : layers) json.string(digest_text(layer.digest));
  json.end_array().end_object().end_object();
  return json.take();
}

void write_layer(hub::JsonWriter& json, std::string_view media_type, const BlobId& digest,
                 std::uint64_t size_bytes) {
  json.begin_object().field("mediaType", media_type).field("digest", digest_text(digest));
  json.field("size", size_bytes).end_object();
}

}  // namespace

Image make_image(ImageParts parts) {
  Image image;
  if (parts.chat_template.empty() && parts.facts) {
    if (const auto* known = known_chat_template(parts.facts->chat_template); known != nullptr) {
      parts.chat_template = known->text;
      if (parts.params_json.empty()) parts.params_json = known->params_json;
    }
  }
  parts.model.media_type = layer_type("model");
  image.layers.push_back(parts.model);
  if (parts.projector) {
    parts.projector->media_type = layer_type("projector");
    image.layers.push_back(*parts.projector);
  }
  add_text(image, "template", std::move(parts.chat_template));
  add_text(image, "system", std::move(parts.system));
  add_text(image, "params", std::move(parts.params_json));
  image.config.content = config_json(parts, image.layers);
  image.config.digest = sha256(as_bytes(image.config.content));
  return image;
}

std::string manifest_json(const Image& image) {
  hub::JsonWriter json;
  json.begin_object().field("schemaVersion", 2).field("mediaType", manifest_type);
  json.key("config");
  write_layer(json, config_type, image.config.digest, image.config.content.size());
  json.key("layers").begin_array();
  for (const auto& layer : image.layers)
    write_layer(json, layer.media_type, layer.digest, layer.size_bytes);
  json.end_array().end_object();
  return json.take();
}

std::string parameters_text(std::uint64_t count) {
  constexpr std::array<std::pair<double, char>, 3> units{{{1e12, 'T'}, {1e9, 'B'}, {1e6, 'M'}}};
  for (const auto& [size, letter] : units) {
    const auto number = static_cast<double>(count) / size;
    if (number < 1) continue;
    std::array<char, 32> text{};
    const int digits = number < 100 && letter != 'M' ? 1 : 0;
    std::snprintf(text.data(), text.size(), "%.*f%c", digits, number, letter);
    return text.data();
  }
  return std::to_string(count);
}

}  // namespace waag::daemon
