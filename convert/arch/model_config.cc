#include "convert/arch/model_config.h"

#include <cmath>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "protocol/hub/json_reader.h"

namespace waag::convert {
namespace {

namespace json = boost::json;

/// Larger than any dimension; a product of two is far from overflow.
constexpr std::uint64_t config_number_max = 0x7fffffff;

const json::value* find(const json::object& from, std::initializer_list<std::string_view> names) {
  for (const auto name : names)
    if (const auto* value = from.if_contains(name); value != nullptr && !value->is_null())
      return value;
  return nullptr;
}

std::string spelt(std::initializer_list<std::string_view> names) {
  std::string all;
  for (const auto name : names) all += (all.empty() ? "" : " or ") + std::string(name);
  return all;
}

Error wrong(std::initializer_list<std::string_view> names, const char* wanted) {
  return fail(Errc::unprocessable, "config.json: " + spelt(names) + " is no " + wanted);
}

Result<std::optional<std::uint64_t>> read_uint(const json::object& from,
                                               std::initializer_list<std::string_view> names) {
  const auto* value = find(from, names);
  if (value == nullptr) return std::optional<std::uint64_t>{};
  std::uint64_t number = 0;
  if (value->is_int64() && value->get_int64() >= 0)
    number = static_cast<std::uint64_t>(value->get_int64());
  else if (value->is_uint64())
    number = value->get_uint64();
  else if (value->is_double() && value->get_double() >= 0 &&
           value->get_double() <= static_cast<double>(config_number_max) &&
           std::floor(value->get_double()) == value->get_double())
    number = static_cast<std::uint64_t>(value->get_double());
  else
    return wrong(names, "count");
  if (number > config_number_max) return wrong(names, "count that a model can have");
  return std::optional(number);
}

Result<std::optional<double>> read_number(const json::object& from,
                                          std::initializer_list<std::string_view> names) {
  const auto* value = find(from, names);
  if (value == nullptr) return std::optional<double>{};
  if (value->is_double()) return std::optional(value->get_double());
  if (value->is_int64()) return std::optional(static_cast<double>(value->get_int64()));
  if (value->is_uint64()) return std::optional(static_cast<double>(value->get_uint64()));
  return wrong(names, "number");
}

Result<std::optional<std::string>> read_text(const json::object& from,
                                             std::initializer_list<std::string_view> names) {
  const auto* value = find(from, names);
  if (value == nullptr) return std::optional<std::string>{};
  if (!value->is_string()) return wrong(names, "text");
  return std::optional(std::string(value->get_string()));
}

Result<std::optional<bool>> read_boolean(const json::object& from,
                                         std::initializer_list<std::string_view> names) {
  const auto* value = find(from, names);
  if (value == nullptr) return std::optional<bool>{};
  if (!value->is_bool()) return wrong(names, "true or false");
  return std::optional(value->get_bool());
}

}  // namespace

struct ModelConfig::State {
  json::object object;
  std::string architecture;
};

ModelConfig::ModelConfig() : state_(std::make_unique<State>()) {}
ModelConfig::~ModelConfig() = default;
ModelConfig::ModelConfig(ModelConfig&&) noexcept = default;
ModelConfig& ModelConfig::operator=(ModelConfig&&) noexcept = default;

Result<ModelConfig> ModelConfig::parse(std::string_view text) {
  auto parsed = hub::parse_json_object(text);
  if (!parsed) return fail(Errc::unprocessable, "config.json: " + parsed.error().what);
  ModelConfig config;
  config.state_->object = *std::move(parsed);
  const auto* named = hub::json_array(config.state_->object, "architectures");
  if (named == nullptr || named->empty() || !named->front().is_string())
    return fail(Errc::unprocessable, "config.json: no architectures, so nothing says what it is");
  config.state_->architecture = std::string(named->front().get_string());
  return config;
}

const std::string& ModelConfig::architecture() const { return state_->architecture; }

bool ModelConfig::has(std::string_view name) const {
  return find(state_->object, {name}) != nullptr;
}

Result<std::optional<std::uint64_t>> ModelConfig::uint(
    std::initializer_list<std::string_view> names) const {
  return read_uint(state_->object, names);
}

Result<std::optional<double>> ModelConfig::number(
    std::initializer_list<std::string_view> names) const {
  return read_number(state_->object, names);
}

Result<std::optional<bool>> ModelConfig::boolean(
    std::initializer_list<std::string_view> names) const {
  return read_boolean(state_->object, names);
}

Result<std::optional<std::vector<std::string>>> ModelConfig::texts(std::string_view name) const {
  const auto* value = find(state_->object, {name});
  if (value == nullptr) return std::optional<std::vector<std::string>>{};
  if (!value->is_array()) return wrong({name}, "list of texts");
  std::vector<std::string> all;
  for (const auto& item : value->get_array()) {
    if (!item.is_string()) return wrong({name}, "list of texts");
    all.emplace_back(item.get_string());
  }
  return std::optional(std::move(all));
}

Result<std::optional<std::string>> ModelConfig::text(
    std::initializer_list<std::string_view> names) const {
  return read_text(state_->object, names);
}

Result<std::uint64_t> ModelConfig::required(std::initializer_list<std::string_view> names) const {
  WAAG_TRY(const auto value, uint(names));
  if (!value || *value == 0)
    return fail(Errc::unprocessable, "config.json: " + spelt(names) + " is missing or zero");
  return *value;
}

Result<RopeConfig> ModelConfig::rope() const {
  RopeConfig rope;
  static const json::object nothing;
  const json::object* from = &nothing;
  if (const auto* value = find(state_->object, {"rope_parameters", "rope_scaling"});
      value != nullptr) {
    if (!value->is_object()) return wrong({"rope_parameters", "rope_scaling"}, "object");
    from = &value->get_object();
  }
  WAAG_TRY(auto type, read_text(*from, {"rope_type", "type"}));
  rope.type = type.value_or("");
  if (rope.type == "default") rope.type.clear();
  WAAG_TRY(rope.theta, read_number(*from, {"rope_theta"}));
  if (!rope.theta) {
    WAAG_TRY(rope.theta, number({"rope_theta"}));
  }
  WAAG_TRY(rope.factor, read_number(*from, {"factor"}));
  WAAG_TRY(rope.original_context, read_uint(*from, {"original_max_position_embeddings"}));
  if (!rope.original_context) {
    WAAG_TRY(rope.original_context, uint({"original_max_position_embeddings"}));
  }
  WAAG_TRY(rope.low_freq_factor, read_number(*from, {"low_freq_factor"}));
  WAAG_TRY(rope.high_freq_factor, read_number(*from, {"high_freq_factor"}));
  WAAG_TRY(rope.extrapolation_factor, read_number(*from, {"extrapolation_factor"}));
  WAAG_TRY(rope.attention_factor, read_number(*from, {"attention_factor", "attn_factor"}));
  WAAG_TRY(rope.beta_fast, read_number(*from, {"beta_fast"}));
  WAAG_TRY(rope.beta_slow, read_number(*from, {"beta_slow"}));
  WAAG_TRY(rope.mscale, read_number(*from, {"mscale"}));
  WAAG_TRY(rope.partial, read_number(*from, {"partial_rotary_factor"}));
  if (!rope.partial) {
    WAAG_TRY(rope.partial, number({"partial_rotary_factor"}));
  }
  WAAG_TRY(const auto truncated, read_boolean(*from, {"truncate"}));
  rope.is_truncated = truncated.value_or(true);
  WAAG_TRY(rope.mscale_all_dim, read_number(*from, {"mscale_all_dim"}));
  return rope;
}

}  // namespace waag::convert
