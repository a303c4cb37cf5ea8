#include "protocol/hub/card/front_matter.h"

#include <yaml-cpp/yaml.h>

#include "protocol/hub/json_writer.h"

namespace waag::hub {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Takes one line off the front, without its line end.
std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  auto line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
  return line;
}

bool is_text_or_list(const YAML::Node& node) {
  return node.IsScalar() || node.IsSequence() || node.IsNull();
}

void check_fields(const YAML::Node& card, CardProblems& problems) {
  const auto expect = [&](const char* field, bool fine, const char* wanted) {
    if (!fine) problems.errors.push_back("\"" + std::string(field) + "\" must be " + wanted);
  };
  if (const auto index = card["model-index"]) expect("model-index", index.IsSequence(), "an array");
  if (const auto tags = card["tags"])
    expect("tags", tags.IsSequence() || tags.IsNull(), "an array");
  for (const auto* field : {"license", "language", "datasets", "base_model", "metrics"})
    if (const auto value = card[field])
      expect(field, is_text_or_list(value), "a string or an array");
  for (const auto* field : {"pipeline_tag", "library_name", "license_name", "license_link"})
    if (const auto value = card[field])
      expect(field, value.IsScalar() || value.IsNull(), "a string");
}

void write_messages(JsonWriter& json, const std::vector<std::string>& messages) {
  json.begin_array();
  for (const auto& message : messages) json.begin_object().field("message", message).end_object();
  json.end_array();
}

}  // namespace

CardParts split_card(std::string_view readme) {
  if (readme.starts_with(byte_order_mark)) readme.remove_prefix(byte_order_mark.size());
  CardParts parts;
  parts.text = readme;
  std::string_view opening;
  while (opening.empty() && !readme.empty()) opening = take_line(readme);
  if (opening != "---") return parts;
  parts.yaml = readme;
  parts.text = {};
  while (!readme.empty()) {
    const auto before = parts.yaml.size() - readme.size();
    if (take_line(readme) != "---") continue;
    parts.yaml = parts.yaml.substr(0, before);
    parts.text = readme;
    parts.closed = true;
    break;
  }
  return parts;
}

std::string_view front_matter(std::string_view readme) {
  const auto parts = split_card(readme);
  return parts.closed ? parts.yaml : std::string_view();
}

CardProblems check_card(std::string_view readme) {
  CardProblems problems;
  const auto text = front_matter(readme);
  if (text.empty()) {
    problems.warnings.emplace_back("empty or missing yaml metadata in repo card");
    return problems;
  }
  if (text.size() > front_matter_bytes_max) {
    problems.errors.emplace_back("the metadata is too large");
    return problems;
  }
  try {
    // Aliases are shared nodes here, never copies: a bomb of them stays as small as its text.
    const auto card = YAML::Load(std::string(text));
    if (card.IsMap())
      check_fields(card, problems);
    else if (!card.IsNull())
      problems.errors.emplace_back("the metadata must be a YAML mapping");
  } catch (const YAML::Exception& error) {
    problems.errors.emplace_back(error.what());
  }
  return problems;
}

std::string card_reply(const CardProblems& problems) {
  JsonWriter json;
  json.begin_object().key("errors");
  write_messages(json, problems.errors);
  json.key("warnings");
  write_messages(json, problems.warnings);
  json.end_object();
  return json.take();
}

}  // namespace waag::hub
