#include "protocol/model/safetensors_header.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_set>

#include <boost/json/basic_parser_impl.hpp>

#include "protocol/utf8.h"

namespace waag::model {
namespace {

namespace json = boost::json;

struct DtypeRow {
  Dtype dtype;
  std::string_view name;
  std::uint32_t bits;
};

constexpr std::array<DtypeRow, 22> dtype_rows{{
    {Dtype::boolean, "BOOL", 8},
    {Dtype::f4, "F4", 4},
    {Dtype::f6_e2m3, "F6_E2M3", 6},
    {Dtype::f6_e3m2, "F6_E3M2", 6},
    {Dtype::u8, "U8", 8},
    {Dtype::i8, "I8", 8},
    {Dtype::f8_e5m2, "F8_E5M2", 8},
    {Dtype::f8_e4m3, "F8_E4M3", 8},
    {Dtype::f8_e8m0, "F8_E8M0", 8},
    {Dtype::f8_e4m3_fnuz, "F8_E4M3FNUZ", 8},
    {Dtype::f8_e5m2_fnuz, "F8_E5M2FNUZ", 8},
    {Dtype::i16, "I16", 16},
    {Dtype::u16, "U16", 16},
    {Dtype::f16, "F16", 16},
    {Dtype::bf16, "BF16", 16},
    {Dtype::i32, "I32", 32},
    {Dtype::u32, "U32", 32},
    {Dtype::f32, "F32", 32},
    {Dtype::c64, "C64", 64},
    {Dtype::f64, "F64", 64},
    {Dtype::i64, "I64", 64},
    {Dtype::u64, "U64", 64},
}};

constexpr std::uint64_t length_field_bytes = 8;
/// {tensor: {"shape": [n]}} is three deep.
constexpr std::size_t json_depth_max = 4;

Error bad(const char* what) {
  return fail(Errc::unprocessable, std::string("safetensors: ") + what);
}

/// Receives the header's JSON as events, so that duplicate keys are seen and nothing but the one
/// shape is ever built. Any callback that returns false ends the parse with an error.
class HeaderHandler {
 public:
  static constexpr std::size_t max_object_size = safetensors_json_bytes_max;
  static constexpr std::size_t max_array_size = safetensors_json_bytes_max;
  static constexpr std::size_t max_key_size = safetensors_json_bytes_max;
  static constexpr std::size_t max_string_size = safetensors_json_bytes_max;

  explicit HeaderHandler(SafetensorsHeader& header) : header_(header) {}

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }

  bool on_object_begin(json::error_code& ec) {
    if (where_ == Where::start) return go(Where::top);
    if (where_ == Where::metadata_value) return go(Where::metadata);
    if (where_ != Where::tensor_value) return refuse(ec, "object out of place");
    seen_dtype_ = seen_shape_ = seen_offsets_ = false;
    return go(Where::tensor);
  }

  bool on_object_end(std::size_t, json::error_code& ec) {
    if (where_ == Where::tensor) {
      if (!seen_dtype_ || !seen_shape_ || !seen_offsets_)
        return refuse(ec, "tensor without dtype, shape or offsets");
      header_.tensors.push_back(std::move(tensor_));
      tensor_ = {};
      return go(Where::top);
    }
    return go(where_ == Where::metadata ? Where::top : Where::end);
  }

  bool on_array_begin(json::error_code& ec) {
    if (where_ == Where::shape_value) return go(Where::shape);
    if (where_ == Where::offsets_value) return go(Where::offsets);
    return refuse(ec, "array out of place");
  }

  bool on_array_end(std::size_t count, json::error_code& ec) {
    if (where_ == Where::offsets && count != 2) return refuse(ec, "offsets are not two numbers");
    return go(Where::tensor);
  }

  bool on_key_part(json::string_view part, std::size_t, json::error_code&) { return append(part); }
  bool on_key(json::string_view part, std::size_t, json::error_code& ec) {
    append(part);
    const std::string key = std::move(text_);
    text_.clear();
    if (where_ == Where::top) return top_key(key, ec);
    if (where_ == Where::metadata) return metadata_key(key, ec);
    return tensor_key(key, ec);
  }

  bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
    return append(part);
  }
  bool on_string(json::string_view part, std::size_t, json::error_code& ec) {
    append(part);
    const std::string value = std::move(text_);
    text_.clear();
    if (where_ == Where::metadata_text) {
      metadata_slot_->second = value;
      return go(Where::metadata);
    }
    if (where_ != Where::dtype_value) return refuse(ec, "string out of place");
    const auto row = std::ranges::find(dtype_rows, value, &DtypeRow::name);
    if (row == dtype_rows.end()) return refuse(ec, "unknown dtype");
    tensor_.dtype = row->dtype;
    return go(Where::tensor);
  }

  bool on_number_part(json::string_view part, json::error_code&) {
    number_parts_ += part;
    return true;
  }
  bool on_int64(std::int64_t value, json::string_view part, json::error_code& ec) {
    const bool minus =
        (number_parts_.empty() ? part : json::string_view(number_parts_)).starts_with('-');
    number_parts_.clear();
    if (minus) return refuse(ec, "negative number");  // "-0" too
    return number(static_cast<std::uint64_t>(value), ec);
  }
  bool on_uint64(std::uint64_t value, json::string_view, json::error_code& ec) {
    return number(value, ec);
  }
  bool on_double(double, json::string_view, json::error_code& ec) {
    return refuse(ec, "not an integer");
  }
  bool on_bool(bool, json::error_code& ec) { return refuse(ec, "boolean out of place"); }
  bool on_null(json::error_code& ec) { return refuse(ec, "null out of place"); }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

  [[nodiscard]] const char* why() const { return why_; }

 private:
  enum class Where : std::uint8_t {
    start,
    top,
    end,
    tensor_value,
    tensor,
    dtype_value,
    shape_value,
    shape,
    offsets_value,
    offsets,
    metadata_value,
    metadata,
    metadata_text,
  };

  bool go(Where where) {
    where_ = where;
    return true;
  }
  bool refuse(json::error_code& ec, const char* why) {
    why_ = why;
    ec = json::error::syntax;
    return false;
  }
  bool append(json::string_view part) {
    text_.append(part.data(), part.size());
    return true;
  }

  bool top_key(const std::string& key, json::error_code& ec) {
    if (!keys_.insert(key).second) return refuse(ec, "two entries of one name");
    if (key == "__metadata__") return go(Where::metadata_value);
    if (key.size() > safetensors_name_bytes_max) return refuse(ec, "tensor name too long");
    if (has_control(key)) return refuse(ec, "control character in a tensor name");
    if (header_.tensors.size() == safetensors_tensors_max) return refuse(ec, "too many tensors");
    tensor_.name = key;
    return go(Where::tensor_value);
  }

  bool metadata_key(const std::string& key, json::error_code& ec) {
    const auto [slot, added] = header_.metadata.emplace(key, std::string());
    if (!added) return refuse(ec, "two metadata entries of one name");
    metadata_slot_ = slot;
    return go(Where::metadata_text);
  }

  bool tensor_key(const std::string& key, json::error_code& ec) {
    const auto once = [&](bool& seen, Where where) {
      if (std::exchange(seen, true)) return refuse(ec, "a tensor's key twice");
      return go(where);
    };
    if (key == "dtype") return once(seen_dtype_, Where::dtype_value);
    if (key == "shape") return once(seen_shape_, Where::shape_value);
    if (key == "data_offsets") return once(seen_offsets_, Where::offsets_value);
    return refuse(ec, "unknown key of a tensor");
  }

  bool number(std::uint64_t value, json::error_code& ec) {
    if (value > safetensors_integer_max) return refuse(ec, "number too large");
    if (where_ == Where::shape) {
      if (tensor_.shape.size() == safetensors_rank_max) return refuse(ec, "rank too high");
      tensor_.shape.push_back(value);
      return true;
    }
    if (where_ != Where::offsets) return refuse(ec, "number out of place");
    tensor_.begin = tensor_.end;  // the first number moves on when the second comes
    tensor_.end = value;
    return true;
  }

  SafetensorsHeader& header_;
  Where where_ = Where::start;
  TensorInfo tensor_;
  bool seen_dtype_ = false;
  bool seen_shape_ = false;
  bool seen_offsets_ = false;
  std::map<std::string, std::string>::iterator metadata_slot_;
  std::unordered_set<std::string> keys_;
  std::string text_;
  std::string number_parts_;
  const char* why_ = "not JSON";
};

/// @return nullopt if it overflows or is no whole number of bytes
std::optional<std::uint64_t> tensor_bytes(const TensorInfo& tensor) {
  std::uint64_t bits = bits_per_element(tensor.dtype);
  for (const auto extent : tensor.shape)
    if (__builtin_mul_overflow(bits, extent, &bits)) return std::nullopt;
  if (bits % 8 != 0) return std::nullopt;
  return bits / 8;
}

/// Sorts by begin, checks that the data area is covered once and wholly, makes offsets absolute.
Status place_tensors(SafetensorsHeader& header, std::optional<std::uint64_t> data_bytes) {
  std::ranges::sort(header.tensors, [](const TensorInfo& a, const TensorInfo& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  std::uint64_t reached = 0;
  for (auto& tensor : header.tensors) {
    if (tensor.begin != reached) return bad("tensors leave a hole or overlap");
    if (tensor.end < tensor.begin) return bad("tensor ends before it begins");
    const auto bytes = tensor_bytes(tensor);
    if (!bytes || *bytes != tensor.end - tensor.begin) return bad("shape and offsets differ");
    reached = tensor.end;
    tensor.begin += header.data_begin;
    tensor.end += header.data_begin;
  }
  if (data_bytes && reached != *data_bytes) return bad("tensors do not fill the file");
  return ok();
}

}  // namespace

std::string_view safetensors_name(Dtype dtype) {
  const auto row = std::ranges::find(dtype_rows, dtype, &DtypeRow::dtype);
  return row == dtype_rows.end() ? std::string_view() : row->name;
}

std::uint32_t bits_per_element(Dtype dtype) {
  const auto row = std::ranges::find(dtype_rows, dtype, &DtypeRow::dtype);
  return row == dtype_rows.end() ? 0 : row->bits;
}

Result<std::uint64_t> safetensors_header_bytes(ByteView front) {
  if (front.size() < length_field_bytes) return bad("no length");
  ByteReader reader(front.first(length_field_bytes));
  const auto json_bytes = reader.fixed<std::uint64_t>();
  if (json_bytes < 2) return bad("header too short");
  if (json_bytes > safetensors_json_bytes_max) return bad("header too long");
  return length_field_bytes + json_bytes;
}

Result<SafetensorsHeader> parse_safetensors_header(ByteView front,
                                                   std::optional<std::uint64_t> file_size_bytes) {
  SafetensorsHeader header;
  WAAG_TRY(header.data_begin, safetensors_header_bytes(front));
  if (file_size_bytes && header.data_begin > *file_size_bytes)
    return bad("header longer than the file");
  if (header.data_begin > front.size()) return bad("header is not all there");
  auto text = as_text(front.subspan(length_field_bytes, header.data_begin - length_field_bytes));
  // Spaces may pad the header; other white space around the object is refused.
  text = text.substr(0, text.find_last_not_of(' ') + 1);
  if (!text.starts_with('{') || !text.ends_with('}')) return bad("header is not an object");

  json::parse_options options;
  options.max_depth = json_depth_max;
  json::basic_parser<HeaderHandler> parser(options, header);
  json::error_code ec;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), ec);
  if (ec) return bad(parser.handler().why());
  if (used != text.size()) return bad("bytes after the header's object");
  std::optional<std::uint64_t> data_bytes;
  if (file_size_bytes) data_bytes = *file_size_bytes - header.data_begin;
  WAAG_CHECK(place_tensors(header, data_bytes));
  return header;
}

}  // namespace waag::model
