#include "protocol/hub/card/card_fields.h"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "protocol/hub/json_reader.h"
#include "protocol/hub/json_writer.h"

namespace waag::hub {
namespace {

namespace json = boost::json;

std::string scalar_text(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_number() || value.is_bool()) return json::serialize(value);
  return {};
}

}  // namespace

json::object object_of(std::string_view text) {
  if (text.empty()) return {};
  auto parsed = parse_json_object(text);
  return parsed ? *std::move(parsed) : json::object{};
}

std::string text_of(const json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  return value == nullptr || !value->is_string() ? std::string() : std::string(value->get_string());
}

std::vector<std::string> texts_of(const json::object& from, std::string_view key) {
  std::vector<std::string> texts;
  const auto* value = from.if_contains(key);
  if (value == nullptr) return texts;
  const auto add = [&texts](const json::value& item) {
    auto text = scalar_text(item);
    if (!text.empty()) texts.push_back(std::move(text));
  };
  if (const auto* list = value->if_array()) {
    for (const auto& item : *list) add(item);
  } else {
    add(*value);
  }
  return texts;
}

void add_once(std::vector<std::string>& texts, std::string text) {
  if (std::ranges::find(texts, text) == texts.end()) texts.push_back(std::move(text));
}

std::string json_texts(const std::vector<std::string>& texts) {
  JsonWriter json;
  json.begin_array();
  for (const auto& text : texts) json.string(text);
  json.end_array();
  return json.take();
}

}  // namespace waag::hub
