#include "convert/tokenizer/chat_templates.h"

#include <algorithm>

#include <boost/json/value.hpp>

#include "protocol/hub/json_reader.h"

namespace waag::convert {
namespace {

namespace json = boost::json;

constexpr const char* key = "tokenizer.chat_template";

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// Each character (not byte) outside of ASCII letters and digits becomes one "_".
std::string key_name(std::string_view name) {
  std::string safe;
  for (const char c : name) {
    const bool continues = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (!continues) safe += is_alphanumeric(c) ? c : '_';
  }
  return safe;
}

/// The named ones first, then their list, then the default: the order of llama.cpp's writer (which
/// leaves the order within the list open).
Result<GgufEntries> named_entries(const std::vector<ChatTemplate>& templates) {
  GgufEntries entries;
  std::vector<std::string> names;
  const std::string* fallback = nullptr;
  for (const auto& one : templates) {
    const auto name = key_name(one.name);
    if (name.empty()) continue;
    if (name == "default") {
      fallback = &one.text;
      continue;
    }
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      return fail(Errc::unprocessable, "two chat templates are named \"" + name + "\"");
    }
    names.push_back(name);
    entries.push_back({std::string(key) + "." + name, one.text});
  }
  if (!names.empty()) entries.push_back({"tokenizer.chat_templates", names});
  if (fallback != nullptr) entries.push_back({key, *fallback});
  return entries;
}

Result<GgufEntries> listed_entries(const json::array& list) {
  if (list.size() > chat_templates_max) {
    return fail(Errc::unprocessable, "too many chat templates");
  }
  std::vector<ChatTemplate> templates;
  for (const auto& item : list) {
    if (!item.is_object()) return fail(Errc::unprocessable, "a chat template is no object");
    WAAG_TRY(auto name, hub::json_string(item.get_object(), "name"));
    WAAG_TRY(auto text, hub::json_string(item.get_object(), "template"));
    if (name && text) templates.push_back({std::move(*name), std::move(*text)});
  }
  return named_entries(templates);
}

/// A value of another type than string and list is passed over.
Result<GgufEntries> value_entries(const json::value& value) {
  if (value.is_array()) return listed_entries(value.get_array());
  if (!value.is_string()) return GgufEntries{};
  return GgufEntries{{key, std::string(value.get_string())}};
}

Result<GgufEntries> file_entries(const TokenizerTexts& texts) {
  if (texts.chat_template_jinja) {
    if (texts.additional_templates.empty()) return GgufEntries{{key, *texts.chat_template_jinja}};
    std::vector<ChatTemplate> all{{"default", *texts.chat_template_jinja}};
    all.insert(all.end(), texts.additional_templates.begin(), texts.additional_templates.end());
    return named_entries(all);
  }
  if (!texts.chat_template_json) return GgufEntries{};
  auto parsed = hub::parse_json_object(*texts.chat_template_json);
  if (!parsed) {
    return fail(Errc::unprocessable, "chat_template.json: " + parsed.error().what);
  }
  const auto* value = parsed->if_contains("chat_template");
  return value == nullptr ? GgufEntries{} : value_entries(*value);
}

Result<GgufEntries> as_unprocessable(Result<GgufEntries> entries) {
  if (!entries) entries.error().code = Errc::unprocessable;
  return entries;
}

}  // namespace

Result<GgufEntries> chat_template_entries(const TokenizerTexts& texts,
                                          const json::object* tokenizer_config) {
  if (tokenizer_config == nullptr || tokenizer_config->empty()) return GgufEntries{};
  const auto* value = tokenizer_config->if_contains("chat_template");
  return as_unprocessable(value == nullptr ? file_entries(texts) : value_entries(*value));
}

Result<GgufEntries> chat_template_file_entries(const TokenizerTexts& texts) {
  return as_unprocessable(file_entries(texts));
}

}  // namespace waag::convert
