#include "protocol/hub/card/describe.h"

#include <algorithm>
#include <array>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "protocol/hub/card/card_fields.h"
#include "protocol/hub/card/card_text.h"
#include "protocol/hub/card/file_traits.h"
#include "protocol/hub/card/front_matter.h"
#include "protocol/hub/card/tasks.h"
#include "protocol/hub/card/yaml_json.h"

// Tags stand in the order of the Hub's: what it is made with, what it is, what its author says,
// what it comes from, its licence.

namespace waag::hub {
namespace {

namespace json = boost::json;

constexpr std::size_t tags_max = 1000;
constexpr std::size_t tag_bytes_max = 256;

/// One repo at hand.
struct Subject {
  const RepoFiles& files;
  json::object card;
  FileTraits traits;
  ModelConfig config;
  std::vector<std::string> papers;
};

void add_tag(Description& out, std::string tag) {
  if (tag.empty() || tag.size() > tag_bytes_max || out.tags.size() >= tags_max) return;
  if (std::ranges::any_of(tag, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) return;
  add_once(out.tags, std::move(tag));
}

/// "prefix:value" for each text of the card's field.
void add_field(Description& out, const json::object& card, std::string_view field,
               const std::string& prefix) {
  for (const auto& value : texts_of(card, field)) add_tag(out, prefix + value);
}

std::string field_json(const json::object& card, std::string_view field) {
  const auto* value = card.if_contains(field);
  return value == nullptr || value->is_null() ? std::string() : json::serialize(*value);
}

std::string library_of(const Subject& subject) {
  auto said = text_of(subject.card, "library_name");
  if (!said.empty()) return said;
  const auto& config = subject.config;
  if (config.is_adapter) return "peft";
  if (config.is_diffusers) return "diffusers";
  if (subject.traits.has_modules) return "sentence-transformers";
  if (subject.traits.has_open_clip) return "open_clip";
  if (!config.architectures.empty()) return "transformers";
  return {};
}

std::string pipeline_of(const Subject& subject, std::string_view library) {
  auto said = text_of(subject.card, "pipeline_tag");
  if (!said.empty()) return said;
  for (auto& tag : texts_of(subject.card, "tags"))
    if (is_pipeline_tag(tag)) return std::move(tag);
  if (library == "sentence-transformers") return "sentence-similarity";
  return subject.config.pipeline_tag;
}

bool is_quantized(const Subject& subject) {
  return subject.traits.has_gguf || !subject.config.quantizations.empty();
}

std::string relation_of(const Subject& subject, std::size_t bases) {
  constexpr std::array relations{"adapter", "finetune", "merge", "quantized"};
  const auto said = text_of(subject.card, "base_model_relation");
  if (std::ranges::find(relations, said) != relations.end()) return said;
  if (subject.config.is_adapter) return "adapter";
  if (is_quantized(subject)) return "quantized";
  return bases > 1 ? "merge" : "finetune";
}

void add_base_models(const Subject& subject, Description& out) {
  auto bases = texts_of(subject.card, "base_model");
  if (bases.empty() && !subject.config.adapter_base.empty())
    bases.push_back(subject.config.adapter_base);
  if (bases.empty()) return;
  const auto relation = relation_of(subject, bases.size());
  json::array models;
  for (const auto& base : bases) {
    add_tag(out, "base_model:" + base);
    add_tag(out, "base_model:" + relation + ":" + base);
    models.push_back(json::object{{"id", base}});
  }
  out.base_models_json =
      json::serialize(json::object{{"relation", relation}, {"models", std::move(models)}});
}

void describe_model(const Subject& subject, Description& out) {
  const auto& config = subject.config;
  out.library_name = library_of(subject);
  out.pipeline_tag = pipeline_of(subject, out.library_name);
  out.mask_token = config.mask_token;
  out.config_json = config.json;
  if (out.library_name == "transformers") out.transformers_json = config.transformers_json;
  out.model_index_json = field_json(subject.card, "model-index");
  out.widget_json = field_json(subject.card, "widget");

  add_tag(out, out.library_name);
  for (const auto& format : subject.traits.model_formats) add_tag(out, format);
  add_tag(out, config.model_type);
  add_tag(out, out.pipeline_tag);
  for (const auto& tag : texts_of(subject.card, "tags")) add_tag(out, tag);
  if (config.chats && out.pipeline_tag == "text-generation") add_tag(out, "conversational");
  if (subject.card.contains("custom_code") ||
      config.transformers_json.find("custom_class") != std::string::npos)
    add_tag(out, "custom_code");
  for (const auto& language : texts_of(subject.card, "language")) add_tag(out, language);
  add_field(out, subject.card, "datasets", "dataset:");
  for (const auto& paper : subject.papers) add_tag(out, "arxiv:" + paper);
  add_base_models(subject, out);
  add_field(out, subject.card, "license", "license:");
  if (const auto* index = subject.card.if_contains("model-index"); index && index->is_array())
    add_tag(out, "model-index");
  for (const auto& quantization : config.quantizations) add_tag(out, quantization);
}

void describe_dataset(const Subject& subject, const CardParts& readme, Description& out) {
  const auto& card = subject.card;
  for (const std::string field : {"task_categories", "task_ids", "annotations_creators",
                                  "language_creators", "multilinguality", "source_datasets"})
    add_field(out, card, field, field + ":");
  add_field(out, card, "language", "language:");
  add_field(out, card, "license", "license:");
  add_field(out, card, "size_categories", "size_categories:");
  if (card.contains("format")) {
    add_field(out, card, "format", "format:");
  } else {
    for (const auto& format : subject.traits.data_formats) add_tag(out, "format:" + format);
  }
  add_field(out, card, "modality", "modality:");
  add_field(out, card, "library", "library:");
  add_field(out, card, "benchmark", "benchmark:");
  for (const auto& paper : subject.papers) add_tag(out, "arxiv:" + paper);
  for (const auto& tag : texts_of(card, "tags")) add_tag(out, tag);
  out.description = first_words(readme.text);
  out.citation = first_citation(readme.text);
  out.paperswithcode_id = text_of(card, "paperswithcode_id");
}

void describe_space(const Subject& subject, Description& out) {
  out.sdk = text_of(subject.card, "sdk");
  out.models = texts_of(subject.card, "models");
  out.datasets = texts_of(subject.card, "datasets");
  add_tag(out, out.sdk);
  for (const auto& tag : texts_of(subject.card, "tags")) add_tag(out, tag);
}

}  // namespace

Description describe(const RepoFiles& files) {
  Description out;
  const auto readme = split_card(files.readme);
  if (!readme.yaml.empty() && readme.yaml.size() <= front_matter_bytes_max) {
    auto card = yaml_to_json(readme.yaml);
    if (card) out.card_json = *std::move(card);
  }
  Subject subject{files, object_of(out.card_json), file_traits(files.paths), {}, {}};
  subject.papers = arxiv_ids(files.readme);
  if (files.type == RepoType::model) {
    subject.config = read_model_config(files.configs);
    describe_model(subject, out);
  } else if (files.type == RepoType::dataset) {
    describe_dataset(subject, readme, out);
  } else {
    describe_space(subject, out);
  }
  return out;
}

}  // namespace waag::hub
