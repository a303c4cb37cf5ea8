#include "protocol/hub/card/yaml_json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include <yaml-cpp/yaml.h>

#include "protocol/hub/json_writer.h"

namespace waag::hub {
namespace {

Error bad(const char* what) { return fail(Errc::invalid_argument, std::string("YAML: ") + what); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes the digits off the front.
std::string_view take_digits(std::string_view& text) {
  const auto end = std::ranges::find_if_not(text, is_digit);
  const auto digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

bool take_sign(std::string_view& text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  return negative;
}

/// A number of 0x, 0o or 0b; "" if it is none of 64 bits.
std::string prefixed_number(std::string_view digits, bool negative) {
  if (digits.size() < 3 || digits[0] != '0') return {};
  const int base = digits[1] == 'x' ? 16 : digits[1] == 'o' ? 8 : digits[1] == 'b' ? 2 : 0;
  if (base == 0) return {};
  std::uint64_t value = 0;
  const auto* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data() + 2, end, value, base);
  if (error != std::errc{} || stop != end) return {};
  return (negative ? "-" : "") + std::to_string(value);
}

bool is_finite(const std::string& number) {
  double value = 0;
  const auto [stop, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  return error == std::errc{} && std::isfinite(value);
}

/// The number of a plain scalar in JSON's spelling; "" if it is no number.
std::string json_number(std::string_view text) {
  const bool negative = take_sign(text);
  if (auto number = prefixed_number(text, negative); !number.empty()) return number;
  auto whole = take_digits(text);
  const bool has_whole = !whole.empty();
  std::string_view part;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    part = take_digits(text);
  }
  if (!has_whole && part.empty()) return {};
  std::string exponent;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    const bool smaller = take_sign(text);
    const auto digits = take_digits(text);
    if (digits.empty()) return {};
    exponent = (smaller ? "e-" : "e") + std::string(digits);
  }
  if (!text.empty()) return {};
  while (whole.size() > 1 && whole.starts_with('0')) whole.remove_prefix(1);
  std::string number = negative ? "-" : "";
  number += has_whole ? whole : "0";
  if (!part.empty()) number += "." + std::string(part);
  number += exponent;
  return is_finite(number) ? number : "null";
}

/// What a scalar without quotes means, as JSON; "" if it is a text.
std::string plain_value(std::string_view text) {
  constexpr std::array trues{"true", "True", "TRUE"};
  constexpr std::array falses{"false", "False", "FALSE"};
  constexpr std::array numbers_that_are_none{".inf",  ".Inf",  ".INF",  "+.inf", "+.Inf", "+.INF",
                                             "-.inf", "-.Inf", "-.INF", ".nan",  ".NaN",  ".NAN"};
  const auto is_one_of = [text](const auto& words) {
    return std::ranges::find(words, text) != words.end();
  };
  if (is_one_of(trues)) return "true";
  if (is_one_of(falses)) return "false";
  if (is_one_of(numbers_that_are_none)) return "null";
  return json_number(text);
}

/// Walks a parsed document. Aliases are shared nodes, written out each time.
class Converter {
 public:
  Status write(const YAML::Node& node, std::size_t depth) {
    if (depth > yaml_depth_max) return bad("nested too deeply");
    if (++values_ > yaml_values_max) return bad("too many values");
    switch (node.Type()) {
      case YAML::NodeType::Scalar:
        return write_scalar(node);
      case YAML::NodeType::Sequence:
        return write_list(node, depth);
      case YAML::NodeType::Map:
        return write_map(node, depth);
      default:
        json_.null();
        return ok();
    }
  }
  std::string take() { return json_.take(); }

 private:
  Status spend(std::size_t bytes) {
    bytes_ += bytes + 4;  // quotes and what stands between values
    return bytes_ > yaml_json_bytes_max ? Status(bad("too large")) : ok();
  }
  Status write_scalar(const YAML::Node& node) {
    const auto& text = node.Scalar();
    WAAG_CHECK(spend(text.size()));
    // "!" is the tag of what stands in quotes or in a block.
    const auto& tag = node.Tag();
    const bool plain = tag.empty() || tag == "?";
    const auto value = plain ? plain_value(text) : std::string();
    if (value.empty()) {
      json_.string(text);
    } else {
      json_.raw(value);
    }
    return ok();
  }
  Status write_list(const YAML::Node& node, std::size_t depth) {
    json_.begin_array();
    for (const auto& item : node) WAAG_CHECK(write(item, depth + 1));
    json_.end_array();
    return ok();
  }
  Status write_map(const YAML::Node& node, std::size_t depth) {
    json_.begin_object();
    for (const auto& item : node) {
      if (!item.first.IsScalar()) return bad("a key that is no text");
      WAAG_CHECK(spend(item.first.Scalar().size()));
      json_.key(item.first.Scalar());
      WAAG_CHECK(write(item.second, depth + 1));
    }
    json_.end_object();
    return ok();
  }

  JsonWriter json_;
  std::size_t values_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace

Result<std::string> yaml_to_json(std::string_view yaml) {
  try {
    const auto document = YAML::Load(std::string(yaml));
    if (!document.IsMap()) return bad("no mapping");
    Converter converter;
    WAAG_CHECK(converter.write(document, 0));
    return converter.take();
  } catch (const std::exception& error) {  // the parser's, or memory that ran out
    return fail(Errc::invalid_argument, error.what());
  }
}

}  // namespace waag::hub
