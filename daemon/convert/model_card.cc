#include "daemon/convert/model_card.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "protocol/hub/card/card_fields.h"
#include "protocol/hub/card/front_matter.h"
#include "protocol/hub/card/yaml_json.h"

namespace waag::daemon {
namespace {

namespace json = boost::json;

constexpr std::string_view mark =
    "<!-- Written by Waag, and anew with each conversion. Without this line it is left alone. -->";
constexpr std::size_t tags_max = 64;

/// What holds for the copy as it does for the source. Source: HUB_API 4.8.
constexpr std::array<std::string_view, 12> carried{"license",
                                                   "license_name",
                                                   "license_link",
                                                   "language",
                                                   "pipeline_tag",
                                                   "datasets",
                                                   "extra_gated_prompt",
                                                   "extra_gated_fields",
                                                   "extra_gated_heading",
                                                   "extra_gated_button_content",
                                                   "extra_gated_description",
                                                   "inference"};

json::object metadata_of(std::string_view readme) {
  const auto made = hub::yaml_to_json(hub::front_matter(readme));
  return made ? hub::object_of(*made) : json::object();
}

bool has_gguf(const CardFacts& facts) {
  return std::ranges::any_of(facts.targets,
                             [](const auto& one) { return one.kind == ConvertTarget::Kind::gguf; });
}

/// JSON is YAML: no text of a stranger's card can become more than a value.
void put(std::string& out, std::string_view key, const json::value& value) {
  out += std::string(key) + ": " + json::serialize(value) + "\n";
}

std::vector<std::string> tags_of(const CardFacts& facts, const json::object& source) {
  std::vector<std::string> tags;
  if (has_gguf(facts)) {
    hub::add_once(tags, "gguf");
  } else {
    hub::add_once(tags, "compressed-tensors");
    for (const auto& target : facts.targets) hub::add_once(tags, target.type);
  }
  hub::add_once(tags, "quantized");
  for (auto& tag : hub::texts_of(source, "tags"))
    if (tags.size() < tags_max) hub::add_once(tags, std::move(tag));
  return tags;
}

std::string metadata(const CardFacts& facts, const json::object& source) {
  std::string out = "---\n";
  put(out, "base_model", json::value(facts.source.full_name()));
  put(out, "base_model_relation", "quantized");
  put(out, "library_name", has_gguf(facts) ? "gguf" : "transformers");
  for (const auto key : carried)
    if (const auto* value = source.if_contains(key); value != nullptr && !value->is_null())
      put(out, key, *value);
  json::array tags;
  for (const auto& tag : tags_of(facts, source)) tags.emplace_back(tag);
  put(out, "tags", tags);
  return out + "---\n";
}

/// "12,345,678"
std::string grouped(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

/// The names in it are a stranger's: no mark-up, no link.
std::string plain_text(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (std::string_view("\\`*_{}[]<>()#!|~&").find(c) != std::string_view::npos) plain += '\\';
    plain += c;
  }
  return plain;
}

std::string recipe(const CardFacts& facts) {
  std::string to;
  for (const auto& target : facts.targets) to += (to.empty() ? "" : ",") + target.text();
  auto text = "waag convert " + facts.source.full_name() + "@" + facts.commit.hex() + " --to " + to;
  const ConvertOptions usual;
  const auto& options = facts.options;
  if (!options.imatrix.empty()) text += " --imatrix " + options.imatrix;
  if (options.allow_requantize) text += " --allow-requantize";
  if (options.via != usual.via) text += " --via " + options.via;
  if (options.split_bytes != 0) text += " --split-max-size " + std::to_string(options.split_bytes);
  if (facts.validate) text += " --validate";
  return text;
}

std::string digits(const char* form, double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), form, value);
  return text.data();
}

/// What certificates say, for people. The names are of our own making but for reasons.
std::string validation(const CardFacts& facts) {
  if (facts.certificates.empty()) return {};
  std::string out =
      "\n## Validation\n\nRun beside their source over an evaluation text before they were "
      "published.\n\n| | Verdict | Mean KLD | 99 % | Same top token | ln of the ratio of "
      "perplexities | Certificate |\n|---|---|---:|---:|---:|---:|---|\n";
  for (const auto& [path, of] : facts.certificates) {
    const auto& figures = of.figures;
    out += "| " + of.target + " | " + std::string(certificate::to_string(of.verdict)) + " | " +
           digits("%.3g", figures.kld_mean) + " | " + digits("%.3g", figures.kld_p99) + " | " +
           digits("%.1f %%", 100 * figures.same_top) + " | " +
           digits("%.3g", figures.ln_perplexity_ratio) + " | [" + path + "](" + path + ") |\n";
  }
  std::string reasons;
  for (const auto& [path, of] : facts.certificates)
    for (const auto& reason : of.reasons)
      reasons += "- " + plain_text(of.target + ": " + reason) + "\n";
  return out + (reasons.empty() ? "" : "\n" + reasons);
}

}  // namespace

std::string model_card(const CardFacts& facts) {
  const auto source = metadata_of(facts.source_readme);
  auto out = metadata(facts, source);
  out += mark;
  out += "\n\n# " + facts.title + "\n\n";
  out += "Made from [" + facts.source.full_name() + "](" + facts.source_url + ") at commit `" +
         facts.commit.hex() + "`.\n\n";
  out += "| File | Bytes |\n|---|---:|\n";
  for (const auto& file : facts.weights)
    out += "| " + file.path + " | " + grouped(file.size_bytes) + " |\n";
  out += validation(facts);
  if (!facts.warnings.empty()) out += "\n## Warnings\n\n";
  for (const auto& warning : facts.warnings) out += "- " + plain_text(warning) + "\n";
  out += "\n## Recipe\n\n```\n" + recipe(facts) + "\n```\n\n## Licence\n\n";
  const auto license = hub::text_of(source, "license");
  out += "What holds for " + facts.source.full_name() + " holds for these files" +
         (license.empty() ? "" : ": " + license) + ".\n";
  return out;
}

bool is_our_card(std::string_view readme) { return readme.find(mark) != readme.npos; }

CardFields card_fields(std::string_view readme) {
  const auto source = metadata_of(readme);
  CardFields fields;
  fields.license = hub::text_of(source, "license");
  fields.base_models = hub::texts_of(source, "base_model");
  fields.tags = hub::texts_of(source, "tags");
  fields.languages = hub::texts_of(source, "language");
  return fields;
}

}  // namespace waag::daemon
