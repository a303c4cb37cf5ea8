#include "protocol/hub/json_reader.h"

#include <boost/json/parse.hpp>

namespace waag::hub {
namespace {

namespace json = boost::json;

Error wrong_type(std::string_view key) {
  return fail(Errc::invalid_argument, "member \"" + std::string(key) + "\" has the wrong type");
}

const json::value* present(const json::object& from, std::string_view key) {
  const auto* value = from.if_contains(json::string_view(key.data(), key.size()));
  return value == nullptr || value->is_null() ? nullptr : value;
}

Result<json::value> parse_json(std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max) return fail(Errc::too_large, "JSON body too large");
  json::parse_options options;
  options.max_depth = json_depth_max;
  boost::system::error_code ec;
  try {  // only memory can run out
    auto value = json::parse(json::string_view(text.data(), text.size()), ec, {}, options);
    if (ec) return fail(Errc::invalid_argument, "malformed JSON: " + ec.message());
    return value;
  } catch (const std::exception& error) {
    return fail(Errc::unavailable, error.what());
  }
}

}  // namespace

Result<json::object> parse_json_object(std::string_view text, std::size_t bytes_max) {
  WAAG_TRY(auto value, parse_json(text, bytes_max));
  if (!value.is_object()) return fail(Errc::invalid_argument, "JSON body is not an object");
  return std::move(value.get_object());
}

Result<json::array> parse_json_array(std::string_view text, std::size_t bytes_max) {
  WAAG_TRY(auto value, parse_json(text, bytes_max));
  if (!value.is_array()) return fail(Errc::invalid_argument, "JSON body is not an array");
  return std::move(value.get_array());
}

Result<std::optional<std::string>> json_string(const json::object& from, std::string_view key) {
  const auto* value = present(from, key);
  if (value == nullptr) return std::optional<std::string>{};
  if (!value->is_string()) return wrong_type(key);
  const auto& text = value->get_string();
  return std::optional(std::string(text.data(), text.size()));
}

Result<std::optional<bool>> json_bool(const json::object& from, std::string_view key) {
  const auto* value = present(from, key);
  if (value == nullptr) return std::optional<bool>{};
  if (!value->is_bool()) return wrong_type(key);
  return std::optional(value->get_bool());
}

Result<std::optional<std::uint64_t>> json_uint(const json::object& from, std::string_view key) {
  const auto* value = present(from, key);
  if (value == nullptr) return std::optional<std::uint64_t>{};
  if (value->is_uint64()) return std::optional(value->get_uint64());
  if (!value->is_int64() || value->get_int64() < 0) return wrong_type(key);
  return std::optional(static_cast<std::uint64_t>(value->get_int64()));
}

Result<std::string> json_required_string(const json::object& from, std::string_view key) {
  WAAG_TRY(auto text, json_string(from, key));
  if (!text) return fail(Errc::invalid_argument, "member \"" + std::string(key) + "\" is missing");
  return std::move(*text);
}

const json::array* json_array(const json::object& from, std::string_view key) {
  const auto* value = present(from, key);
  return value == nullptr ? nullptr : value->if_array();
}

}  // namespace waag::hub
