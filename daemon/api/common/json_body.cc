#include "daemon/api/common/json_body.h"

#include <boost/json/parse.hpp>

namespace waag::daemon {
namespace {

constexpr std::size_t depth_max = 32;

Error wrong_type(std::string_view key, std::string_view wanted) {
  return fail(Errc::invalid_argument,
              "\"" + std::string(key) + "\" must be " + std::string(wanted));
}

}  // namespace

Task<Result<boost::json::object>> read_json(Request& request, std::size_t bytes_max) {
  if (!request.body) co_return boost::json::object();
  WAAG_CO_TRY(const auto text, co_await request.body->read_all(bytes_max));
  if (text.empty()) co_return boost::json::object();
  boost::json::parse_options options;
  options.max_depth = depth_max;
  boost::system::error_code bad;
  auto value = boost::json::parse(text, bad, {}, options);
  if (bad) co_return fail(Errc::invalid_argument, "the request body is not valid JSON");
  if (!value.is_object())
    co_return fail(Errc::invalid_argument, "the request body must be a JSON object");
  co_return std::move(value.as_object());
}

Result<std::optional<std::string>> text_field(const boost::json::object& object,
                                              std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || value->is_null()) return std::optional<std::string>{};
  if (!value->is_string()) return wrong_type(key, "a string");
  return std::optional<std::string>(std::string(value->as_string()));
}

Result<std::optional<bool>> bool_field(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || value->is_null()) return std::optional<bool>{};
  if (value->is_bool()) return std::optional<bool>(value->as_bool());
  return wrong_type(key, "a boolean");
}

}  // namespace waag::daemon
