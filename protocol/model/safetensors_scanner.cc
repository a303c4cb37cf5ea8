#include "protocol/model/safetensors_scanner.h"

#include <algorithm>
#include <utility>

#include <boost/json/basic_parser_impl.hpp>

#include "protocol/model/safetensors_header.h"
#include "protocol/utf8.h"

namespace waag::model {
namespace {

namespace json = boost::json;

/// {tensor: {"shape": [n]}} is three deep.
constexpr std::size_t json_depth_max = 4;
/// Digits of a number that comes in parts; none that is allowed is longer.
constexpr std::size_t number_bytes_max = 32;

Error bad(const char* what) {
  return fail(Errc::unprocessable, std::string("safetensors: ") + what);
}

/// @return nullopt if it overflows or is no whole number of bytes
std::optional<std::uint64_t> tensor_bytes(const TensorInfo& tensor) {
  std::uint64_t bits = bits_per_element(tensor.dtype);
  for (const auto extent : tensor.shape)
    if (__builtin_mul_overflow(bits, extent, &bits)) return std::nullopt;
  if (bits % 8 != 0) return std::nullopt;
  return bits / 8;
}

/// Receives the header's JSON as events, so that nothing but the one shape is ever built. Any
/// callback that returns false ends the parse with an error.
class HeaderHandler {
 public:
  static constexpr std::size_t max_object_size = safetensors_json_bytes_max;
  static constexpr std::size_t max_array_size = safetensors_json_bytes_max;
  static constexpr std::size_t max_key_size = safetensors_json_bytes_max;
  static constexpr std::size_t max_string_size = safetensors_json_bytes_max;

  explicit HeaderHandler(std::map<std::string, std::string>* metadata) : metadata_(metadata) {}

  /// Where complete tensors go; set before each piece.
  std::vector<TensorInfo>* tensors = nullptr;

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
      if (tensor_.end < tensor_.begin) return refuse(ec, "tensor ends before it begins");
      const auto bytes = tensor_bytes(tensor_);
      if (!bytes || *bytes != tensor_.end - tensor_.begin)
        return refuse(ec, "shape and offsets differ");
      tensors->push_back(std::exchange(tensor_, {}));
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

  bool on_key_part(json::string_view part, std::size_t, json::error_code& ec) {
    return append(part, ec);
  }
  bool on_key(json::string_view part, std::size_t, json::error_code& ec) {
    if (!append(part, ec)) return false;
    const std::string key = std::exchange(text_, {});
    if (where_ == Where::top) return top_key(key, ec);
    if (where_ == Where::metadata) return metadata_key(key, ec);
    return tensor_key(key, ec);
  }

  bool on_string_part(json::string_view part, std::size_t, json::error_code& ec) {
    return append(part, ec);
  }
  bool on_string(json::string_view part, std::size_t, json::error_code& ec) {
    if (!append(part, ec)) return false;
    std::string value = std::exchange(text_, {});
    if (where_ == Where::metadata_text) {
      if (metadata_ != nullptr) metadata_slot_->second = std::move(value);
      return go(Where::metadata);
    }
    if (where_ != Where::dtype_value) return refuse(ec, "string out of place");
    const auto dtype = safetensors_dtype(value);
    if (!dtype) return refuse(ec, "unknown dtype");
    tensor_.dtype = *dtype;
    return go(Where::tensor);
  }

  bool on_number_part(json::string_view part, json::error_code& ec) {
    if (number_parts_.size() + part.size() > number_bytes_max)
      return refuse(ec, "number too large");
    number_parts_.append(part.data(), part.size());
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
  bool append(json::string_view part, json::error_code& ec) {
    const bool in_metadata = where_ == Where::metadata || where_ == Where::metadata_text;
    if (in_metadata && metadata_ == nullptr) return true;
    if (!in_metadata && text_.size() + part.size() > safetensors_name_bytes_max)
      return refuse(ec, "tensor name too long");
    text_.append(part.data(), part.size());
    return true;
  }

  bool top_key(const std::string& key, json::error_code& ec) {
    if (key == "__metadata__") {
      if (std::exchange(seen_metadata_, true)) return refuse(ec, "two entries of one name");
      return go(Where::metadata_value);
    }
    if (has_control(key)) return refuse(ec, "control character in a tensor name");
    if (count_++ == safetensors_tensors_max) return refuse(ec, "too many tensors");
    tensor_.name = key;
    return go(Where::tensor_value);
  }

  bool metadata_key(const std::string& key, json::error_code& ec) {
    if (metadata_ == nullptr) return go(Where::metadata_text);
    const auto [slot, added] = metadata_->emplace(key, std::string());
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

  std::map<std::string, std::string>* metadata_;
  Where where_ = Where::start;
  TensorInfo tensor_;
  std::size_t count_ = 0;
  bool seen_metadata_ = false;
  bool seen_dtype_ = false;
  bool seen_shape_ = false;
  bool seen_offsets_ = false;
  std::map<std::string, std::string>::iterator metadata_slot_;
  std::string text_;
  std::string number_parts_;
  const char* why_ = "not JSON";
};

json::parse_options parse_options() {
  json::parse_options options;
  options.max_depth = json_depth_max;
  return options;
}

}  // namespace

struct SafetensorsScanner::State {
  explicit State(std::map<std::string, std::string>* metadata)
      : parser(parse_options(), metadata) {}

  /// The JSON's next bytes. Spaces may pad it; other white space around the object is refused.
  Status parse(std::string_view text, std::vector<TensorInfo>& tensors) {
    if (!begun && !text.starts_with('{')) return bad("header is not an object");
    begun = true;
    const auto solid = text.find_last_not_of(' ');
    if (solid != text.npos) last = text[solid];
    json::error_code ec;
    parser.handler().tensors = &tensors;
    const auto used = parser.write_some(true, text.data(), text.size(), ec);
    if (ec) return bad(parser.handler().why());
    if (used != text.size()) return bad("bytes after the header's object");
    json_left -= text.size();
    if (json_left > 0) return ok();
    if (!parser.done()) parser.write_some(false, "", 0, ec);
    if (ec || last != '}') return bad("header is not an object");
    return ok();
  }

  json::basic_parser<HeaderHandler> parser;
  Bytes length;  // the first 8 bytes, as far as they are here
  std::uint64_t data_begin = 0;
  std::uint64_t json_left = 0;
  bool begun = false;
  char last = 0;  // of the JSON so far, spaces left out
};

SafetensorsScanner::SafetensorsScanner(std::map<std::string, std::string>* metadata)
    : state_(std::make_unique<State>(metadata)) {}
SafetensorsScanner::~SafetensorsScanner() = default;
SafetensorsScanner::SafetensorsScanner(SafetensorsScanner&&) noexcept = default;
SafetensorsScanner& SafetensorsScanner::operator=(SafetensorsScanner&&) noexcept = default;

Result<bool> SafetensorsScanner::feed(ByteView bytes, std::vector<TensorInfo>& tensors) {
  auto& state = *state_;
  if (state.data_begin == 0) {
    const auto part = bytes.first(
        std::min<std::size_t>(bytes.size(), safetensors_length_bytes - state.length.size()));
    state.length.insert(state.length.end(), part.begin(), part.end());
    bytes = bytes.subspan(part.size());
    if (state.length.size() < safetensors_length_bytes) return false;
    WAAG_TRY(state.data_begin, safetensors_header_bytes(state.length));
    state.json_left = state.data_begin - safetensors_length_bytes;
  }
  const auto part =
      bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), state.json_left)));
  if (!part.empty()) WAAG_CHECK(state.parse(as_text(part), tensors));
  return state.json_left == 0;
}

std::uint64_t SafetensorsScanner::data_begin() const { return state_->data_begin; }

}  // namespace waag::model
