#include "convert/source/layout/quantization.h"

#include <array>

#include <boost/json/parse.hpp>

namespace waag::convert {
namespace {

namespace json = boost::json;
using Method = Quantization::Method;

/// GPTQ's and AWQ's packings are of these.
constexpr std::uint64_t bits_max = 8;
constexpr std::int64_t extent_max = 1 << 20;

Error bad(const std::string& what) {
  return fail(Errc::unprocessable, "config.json: quantization_config: " + what);
}

const json::value* find(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

/// A whole number in [-1, extent_max]; nullopt if it is absent.
Result<std::optional<std::int64_t>> integer(const json::object& object, std::string_view key) {
  const auto* value = find(object, key);
  if (value == nullptr) return std::optional<std::int64_t>();
  const auto* number = value->if_int64();
  if (number == nullptr || *number < -1 || *number > extent_max)
    return bad(std::string(key) + " is not a number that is possible");
  return std::optional(*number);
}

std::string text(const json::object& object, std::string_view key) {
  const auto* value = find(object, key);
  const auto* string = value == nullptr ? nullptr : value->if_string();
  return string == nullptr ? std::string() : std::string(*string);
}

Status read_block(const json::object& object, std::string_view key, Quantization& out) {
  const auto* value = find(object, key);
  if (value == nullptr) return ok();
  const auto* pair = value->if_array();
  if (pair == nullptr || pair->size() != 2) return bad(std::string(key) + " is not two numbers");
  std::array<std::uint64_t, 2> extents{};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto* number = (*pair)[i].if_int64();
    if (number == nullptr || *number < 1 || *number > extent_max)
      return bad(std::string(key) + " is not two positive numbers");
    extents[i] = static_cast<std::uint64_t>(*number);
  }
  const std::pair block(extents[0], extents[1]);
  if (out.block && *out.block != block) return bad("two kinds of blocks in one model");
  out.block = block;
  return ok();
}

/// bits and group_size of GPTQ and AWQ.
Status read_groups(const json::object& object, Quantization& out) {
  WAAG_TRY(auto bits, integer(object, "bits"));
  if (!bits) {
    WAAG_TRY(bits, integer(object, "w_bit"));
  }
  if (!bits || (*bits != 4 && *bits != 8)) return bad("bits is neither 4 nor 8");
  out.bits.insert(static_cast<std::uint64_t>(*bits));
  WAAG_TRY(auto group, integer(object, "group_size"));
  if (!group) {
    WAAG_TRY(group, integer(object, "q_group_size"));
  }
  if (!group || *group == 0) return bad("no group_size");
  out.group_size = *group < 0 ? 0 : static_cast<std::uint64_t>(*group);
  return ok();
}

Status read_gptq(const json::object& object, Quantization& out) {
  out.method = Method::gptq;
  const auto format = text(object, "checkpoint_format");
  if (!format.empty() && format != "gptq" && format != "gptq_v2")
    return bad("checkpoint_format \"" + format + "\" cannot be read");
  out.zeros_less_one = format != "gptq_v2";
  const auto* overrides = find(object, "dynamic");
  if (overrides != nullptr && !overrides->is_object()) return bad("dynamic is not an object");
  if (overrides != nullptr)
    for (const auto& [modules, how] : overrides->get_object())
      if (!std::string_view(modules).starts_with("-:"))  // "-:" are those left alone
        return bad("weights of several kinds (dynamic) cannot be read");
  return read_groups(object, out);
}

Status read_awq(const json::object& object, Quantization& out) {
  out.method = Method::awq;
  const auto version = text(object, "version");
  if (!version.empty() && version != "gemm" && version != "GEMM")
    return bad("AWQ of version \"" + version + "\" cannot be read");
  WAAG_CHECK(read_groups(object, out));
  if (!out.bits.contains(4)) return bad("AWQ is of 4 bits");
  return ok();
}

bool is_empty(const json::value* value) {
  return value == nullptr || (value->is_object() && value->get_object().empty());
}

Status read_compressed_tensors(const json::object& object, Quantization& out) {
  out.method = Method::compressed_tensors;
  const auto* sparsity = find(object, "sparsity_config");
  if (!is_empty(sparsity) &&
      (!sparsity->is_object() || text(sparsity->get_object(), "format") != "dense"))
    return bad("weights packed as sparse cannot be read");
  const auto* transform = find(object, "transform_config");
  if (!is_empty(transform) &&
      (!transform->is_object() || !is_empty(find(transform->get_object(), "config_groups"))))
    return bad("rotated weights (transform_config) cannot be read");
  const auto* groups = find(object, "config_groups");
  if (groups == nullptr || !groups->is_object()) return bad("no config_groups");
  for (const auto& [name, group] : groups->get_object()) {
    const auto* fields = group.if_object();
    const auto* weights = fields == nullptr ? nullptr : find(*fields, "weights");
    if (weights == nullptr) continue;  // activations only
    if (!weights->is_object()) return bad("weights of a group is not an object");
    WAAG_TRY(const auto bits, integer(weights->get_object(), "num_bits"));
    if (!bits || *bits < 1 || *bits > static_cast<std::int64_t>(bits_max))
      return bad("num_bits of a group is not from 1 to 8");
    out.bits.insert(static_cast<std::uint64_t>(*bits));
    WAAG_CHECK(read_block(weights->get_object(), "block_structure", out));
  }
  return ok();
}

Result<json::object> parse_object(std::string_view source, const char* file) {
  json::error_code ec;
  auto root = json::parse(source, ec);
  if (ec || !root.is_object())
    return fail(Errc::unprocessable, std::string(file) + ": not a JSON object");
  return std::move(root.get_object());
}

}  // namespace

Result<Quantization> parse_quantization(std::string_view config_text, std::string_view side_text) {
  WAAG_TRY(const json::object config, parse_object(config_text, "config.json"));
  Quantization out;
  const auto* value = find(config, "quantization_config");
  if (value == nullptr) {
    if (side_text.empty()) return out;
    WAAG_TRY(const json::object side, parse_object(side_text, "hf_quant_config.json"));
    out.method = Method::modelopt;
    return out;
  }
  if (!value->is_object()) return bad("not an object");
  const auto& object = value->get_object();
  const auto method = text(object, "quant_method");
  if (method == "fp8") {
    out.method = Method::fp8;
    WAAG_CHECK(read_block(object, "weight_block_size", out));
  } else if (method == "compressed-tensors") {
    WAAG_CHECK(read_compressed_tensors(object, out));
  } else if (method == "gptq") {
    WAAG_CHECK(read_gptq(object, out));
  } else if (method == "awq") {
    WAAG_CHECK(read_awq(object, out));
  } else if (method == "modelopt" || method == "modelopt_fp4") {
    out.method = Method::modelopt;
  } else if (method == "mxfp4") {
    out.method = Method::mxfp4;
  } else {
    return bad("quant_method \"" + method + "\" cannot be read");
  }
  return out;
}

}  // namespace waag::convert
