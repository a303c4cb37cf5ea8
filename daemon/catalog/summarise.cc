#include "daemon/catalog/summarise.h"

#include <algorithm>

#include "protocol/hub/card/weight_map.h"
#include "protocol/hub/json_writer.h"

namespace waag::daemon {
namespace {

using Files = std::vector<storage::TreeEntry>;

/// What of a file is looked at.
constexpr std::uint64_t readme_bytes_max = 1u << 20;
constexpr std::uint64_t config_bytes_max = 4u << 20;
constexpr std::uint64_t weight_index_bytes_max = 16u << 20;
constexpr std::size_t weight_files_max = 1000;

const storage::TreeEntry* find(const Files& files, std::string_view path) {
  const auto found = std::ranges::find(files, path, &storage::TreeEntry::path);
  return found == files.end() ? nullptr : &*found;
}

std::string text_of(storage::Store& store, const Files& files, std::string_view path,
                    std::uint64_t bytes_max) {
  const auto* file = find(files, path);
  return file == nullptr ? std::string() : read_front(store, *file, bytes_max);
}

hub::ConfigFiles read_configs(storage::Store& store, const Files& files) {
  const auto read = [&](std::string_view path) {
    return text_of(store, files, path, config_bytes_max);
  };
  hub::ConfigFiles configs;
  configs.config = read("config.json");
  configs.tokenizer_config = read("tokenizer_config.json");
  configs.adapter_config = read("adapter_config.json");
  configs.model_index = read("model_index.json");
  configs.chat_template = read("chat_template.jinja");
  return configs;
}

/// The weight files that make up the model: those that its index names; the one of the usual name;
/// else all in the root.
std::vector<const storage::TreeEntry*> safetensors_of(storage::Store& store, const Files& files) {
  std::vector<const storage::TreeEntry*> parts;
  const auto index = text_of(store, files, "model.safetensors.index.json", weight_index_bytes_max);
  if (!index.empty()) {
    const auto names = hub::weight_map_files(index);
    for (const auto& file : files)
      if (std::ranges::binary_search(names, file.path)) parts.push_back(&file);
    if (!parts.empty()) return parts;
  }
  for (const std::string_view name : {"model.safetensors", "adapter_model.safetensors"})
    if (const auto* file = find(files, name)) return {file};
  for (const auto& file : files)
    if (file.path.ends_with(".safetensors") && file.path.find('/') == std::string::npos)
      parts.push_back(&file);
  return parts;
}

void add_safetensors(storage::Store& store, WeightReader& weights, const Files& files,
                     Summary& summary) {
  const auto parts = safetensors_of(store, files);
  if (parts.empty() || parts.size() > weight_files_max) return;
  model::ParameterCounts counts;
  for (const auto* part : parts) {
    const auto facts = weights.read(*part);
    if (facts->counts.empty()) return;  // a total that lacks a part would be wrong
    for (const auto& [dtype, count] : facts->counts) counts[dtype] += count;
  }
  summary.parameters = model::total_of(counts);
  hub::JsonWriter json;
  json.begin_object().key("parameters").begin_object();
  for (const auto& [dtype, count] : counts) json.field(dtype, count);
  json.end_object().field("total", summary.parameters).end_object();
  summary.safetensors_json = json.take();
}

/// The first file that is a model: not a projector, and of a split one its first part.
const storage::TreeEntry* main_gguf(const Files& files) {
  const auto found = std::ranges::find_if(files, [](const auto& file) {
    return file.path.ends_with(".gguf") && file.path.find("mmproj") == std::string::npos;
  });
  return found == files.end() ? nullptr : &*found;
}

void add_gguf(WeightReader& weights, const Files& files, Summary& summary) {
  const auto* file = main_gguf(files);
  if (file == nullptr) return;
  const auto facts = weights.read(*file);
  if (!facts->gguf) return;
  const auto& gguf = *facts->gguf;
  if (summary.parameters == 0) summary.parameters = gguf.total;
  hub::JsonWriter json;
  json.begin_object().field("total", gguf.total).field("architecture", gguf.architecture);
  if (gguf.context_length) json.field("context_length", *gguf.context_length);
  if (!gguf.chat_template.empty()) json.field("chat_template", gguf.chat_template);
  if (!gguf.bos_token.empty()) json.field("bos_token", gguf.bos_token);
  if (!gguf.eos_token.empty()) json.field("eos_token", gguf.eos_token);
  json.end_object();
  summary.gguf_json = json.take();
}

}  // namespace

Result<Summary> summarise(storage::Store& store, WeightReader& weights, RepoType type,
                          const storage::Snapshot& snapshot) {
  WAAG_TRY(auto files, snapshot.list("", /*recursive=*/true, "", 0));
  std::erase_if(
      files, [](const auto& entry) { return entry.type == storage::TreeEntry::Type::directory; });
  Summary summary;
  summary.commit = snapshot.commit().id;
  summary.modified = snapshot.commit().date;
  hub::RepoFiles described;
  described.type = type;
  described.paths.reserve(files.size());
  for (const auto& file : files) {
    summary.files_bytes += file.size_bytes;
    if (!file.lfs) summary.regular_bytes += file.size_bytes;
    described.paths.push_back(file.path);
  }
  described.readme = text_of(store, files, "README.md", readme_bytes_max);
  if (type == RepoType::model) described.configs = read_configs(store, files);
  summary.about = hub::describe(described);
  if (type == RepoType::model) {
    add_safetensors(store, weights, files, summary);
    add_gguf(weights, files, summary);
  }
  return summary;
}

}  // namespace waag::daemon
