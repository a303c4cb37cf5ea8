#include "convert/write/quantization_config.h"

#include <algorithm>
#include <array>
#include <optional>

#include <boost/json/parse.hpp>

#include "convert/write/json_text.h"
namespace waag::convert {
namespace {

namespace json = boost::json;

/// Where newer and older producers put it.
constexpr std::array<std::string_view, 2> replaced_keys{"quantization_config",
                                                        "compression_config"};
constexpr std::string_view spaces = " \t\r\n";

/// A member of the outermost object, in the text.
struct Member {
  std::string key;
  std::size_t begin = 0;  // of the key
  std::size_t end = 0;    // past the value
};

/// Past the string that begins at `at`.
std::size_t string_end(std::string_view text, std::size_t at) {
  for (++at; text[at] != '"'; ++at)
    if (text[at] == '\\') ++at;
  return at + 1;
}

/// Past the value that begins at `at`.
std::size_t value_end(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  while (true) {
    const char c = text[at];
    if (depth == 0 && (c == ',' || c == '}')) break;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    at = c == '"' ? string_end(text, at) : at + 1;
  }
  return text.find_last_not_of(spaces, at - 1) + 1;
}

/// @param text  a JSON object
std::vector<Member> members(std::string_view text) {
  std::vector<Member> found;
  for (auto at = text.find('{') + 1; text[at = text.find_first_not_of(spaces, at)] != '}';) {
    if (text[at] == ',') {
      ++at;
      continue;
    }
    const auto key_end = string_end(text, at);
    const auto value = text.find_first_not_of(spaces, text.find(':', key_end) + 1);
    const auto end = value_end(text, value);
    const auto key = json::parse(json::string_view(text.data() + at, key_end - at));
    found.push_back({std::string(key.as_string()), at, end});
    at = end;
  }
  return found;
}

/// A list of names at a level of two members, one a line.
std::string list_of(const std::vector<std::string>& names) {
  std::string text = "[";
  const char* separator = "\n";
  for (const auto& name : names) {
    text += separator;
    text += "      " + json_text(name);
    separator = ",\n";
  }
  return text + "\n    ]";
}

struct Numbers {
  std::string_view bits;
  std::string_view type;
  std::string_view group_size;
  std::string_view strategy;
  bool dynamic = false;
};

std::string arguments(const Numbers& numbers) {
  std::string text = "{\n          \"num_bits\": " + std::string(numbers.bits);
  text += ",\n          \"type\": " + json_text(numbers.type);
  text += ",\n          \"symmetric\": true";
  text += ",\n          \"group_size\": " + std::string(numbers.group_size);
  text += ",\n          \"strategy\": " + json_text(numbers.strategy);
  text += std::string(",\n          \"dynamic\": ") + (numbers.dynamic ? "true" : "false");
  return text + "\n        }";
}

/// A format as compressed-tensors names and describes it.
struct Scheme {
  std::string_view format;
  Numbers weights;
  std::optional<Numbers> inputs;
};

Scheme scheme_of(LinearFormat format) {
  switch (format) {
    case LinearFormat::fp8_dynamic:
      return {"float-quantized",
              {"8", "float", "null", "channel"},
              Numbers{"8", "float", "null", "token", true}};
    case LinearFormat::int8:
      return {"int-quantized",
              {"8", "int", "null", "channel"},
              Numbers{"8", "int", "null", "token", true}};
    case LinearFormat::w4a16:
      return {"pack-quantized", {"4", "int", "128", "group"}, std::nullopt};
    case LinearFormat::nvfp4:
      return {"nvfp4-pack-quantized", {"4", "float", "16", "tensor_group"}, std::nullopt};
    case LinearFormat::fp8_block:
      break;
  }
  return {};
}

/// As a member of config.json's object, two spaces a level.
std::string compressed_tensors_config(const Scheme& scheme,
                                      const std::vector<std::string>& ignored) {
  std::string text = "{\n    \"quant_method\": \"compressed-tensors\"";
  text += ",\n    \"format\": " + json_text(scheme.format);
  text += ",\n    \"quantization_status\": \"compressed\"";
  text += ",\n    \"global_compression_ratio\": null";
  text += ",\n    \"kv_cache_scheme\": null";
  text += ",\n    \"ignore\": " + list_of(ignored);
  text += ",\n    \"config_groups\": {\n      \"group_0\": {\n        \"targets\": [\"Linear\"]";
  text += ",\n        \"weights\": " + arguments(scheme.weights);
  text += ",\n        \"input_activations\": ";
  text += scheme.inputs ? arguments(*scheme.inputs) : "null";
  text += ",\n        \"output_activations\": null\n      }\n    }\n  }";
  return text;
}

std::string deepseek_config(const std::vector<std::string>& ignored) {
  return "{\n    \"quant_method\": \"fp8\",\n    \"fmt\": \"e4m3\",\n"
         "    \"activation_scheme\": \"dynamic\",\n    \"weight_block_size\": [128, 128],\n"
         "    \"modules_to_not_convert\": " +
         list_of(ignored) + "\n  }";
}

}  // namespace

Result<std::string> with_quantization_config(std::string_view config, LinearFormat format,
                                             const std::vector<std::string>& ignored) {
  json::error_code ec;
  const auto parsed = json::parse(json::string_view(config.data(), config.size()), ec);
  if (ec || !parsed.is_object()) return fail(Errc::unprocessable, "config.json is no JSON object");
  std::string kept;
  for (const auto& member : members(config)) {
    if (std::ranges::find(replaced_keys, member.key) != replaced_keys.end()) continue;
    kept += "  " + std::string(config.substr(member.begin, member.end - member.begin)) + ",\n";
  }
  const auto value = format == LinearFormat::fp8_block
                         ? deepseek_config(ignored)
                         : compressed_tensors_config(scheme_of(format), ignored);
  return "{\n" + kept + "  \"quantization_config\": " + value + "\n}\n";
}

}  // namespace waag::convert
