#include "protocol/model/gguf_header.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <unordered_set>

#include "protocol/model/ggml_type.h"
#include "protocol/utf8.h"

namespace waag::model {
namespace {

/// Versions with 64-bit lengths; the layout of both is the same.
constexpr std::uint32_t version_min = 2;
constexpr std::uint32_t version_max = 3;
/// A version that reads like this is the other byte order's.
constexpr std::uint32_t version_swapped_bits = 0xFFFF0000;
/// The least that a pair (key of one byte, u8) and a tensor (name of one byte, no dimensions) take.
constexpr std::uint64_t pair_bytes_min = 8 + 1 + 4 + 1;
constexpr std::uint64_t tensor_bytes_min = 8 + 1 + 4 + 4 + 8;

Error bad(const char* what) { return fail(Errc::unprocessable, std::string("GGUF: ") + what); }

/// Walks the front. A read past the front's end, but within the file, throws nothing and yields
/// zero; it is kept as `needed`, and the caller asks after every step whether it may go on.
class Walker {
 public:
  Walker(ByteView front, std::uint64_t file_size_bytes)
      : front_(front), limit_(std::min(file_size_bytes, gguf_header_bytes_max)) {}

  /// False if `count` bytes are not there: then either needs() or beyond_end() says why.
  bool has(std::uint64_t count) {
    if (count > limit_ - at_) {
      beyond_ = true;
      return false;
    }
    if (at_ + count > front_.size()) {
      needed_ = at_ + count;
      return false;
    }
    return true;
  }
  template <class T>
  bool fixed(T& value) {
    if (!has(sizeof(T))) return false;
    ByteReader reader(front_.subspan(at_, sizeof(T)));
    value = reader.fixed<T>();
    at_ += sizeof(T);
    return true;
  }
  bool bytes(std::uint64_t count, std::string_view& out) {
    if (!has(count)) return false;
    out = as_text(front_.subspan(at_, count));
    at_ += count;
    return true;
  }
  bool skip(std::uint64_t count) {
    std::string_view ignored;
    return bytes(count, ignored);
  }
  [[nodiscard]] std::uint64_t at() const { return at_; }
  /// Bytes that can still follow, in the file and under our limit.
  [[nodiscard]] std::uint64_t left() const { return limit_ - at_; }
  [[nodiscard]] bool beyond_end() const { return beyond_; }
  [[nodiscard]] std::uint64_t prefix_wanted() const {
    return std::min(limit_, std::max(needed_, front_.size() + front_.size() / 2));
  }

 private:
  ByteView front_;
  std::uint64_t limit_;
  std::uint64_t at_ = 0;
  std::uint64_t needed_ = 0;
  bool beyond_ = false;
};

/// Parses one header. Each step gives false when bytes are missing, an Error when a rule is broken.
class Parser {
 public:
  Parser(ByteView front, std::uint64_t file_size_bytes)
      : in_(front, file_size_bytes), file_size_bytes_(file_size_bytes) {}

  Result<GgufParse> run() {
    WAAG_TRY(const bool whole, walk());
    if (!whole) {
      if (in_.beyond_end()) return bad("header ends behind the file, or is too long");
      return GgufParse(GgufNeedsBytes{in_.prefix_wanted()});
    }
    WAAG_CHECK(place_tensors());
    return GgufParse(std::move(header_));
  }

 private:
  Result<bool> walk() {
    std::string_view found;
    if (!in_.bytes(gguf_magic.size(), found)) return false;
    if (found != gguf_magic) return bad("no magic");
    if (!in_.fixed(header_.version)) return false;
    WAAG_CHECK(check_gguf_version(header_.version));
    std::uint64_t tensors = 0;
    std::uint64_t pairs = 0;
    if (!in_.fixed(tensors) || !in_.fixed(pairs)) return false;
    if (tensors > gguf_tensors_max || tensors > in_.left() / tensor_bytes_min)
      return bad("more tensors than can be");
    if (pairs > gguf_pairs_max || pairs > in_.left() / pair_bytes_min)
      return bad("more pairs than can be");
    std::unordered_set<std::string> keys;
    for (std::uint64_t i = 0; i < pairs; ++i) {
      WAAG_TRY(const bool whole, read_pair());
      if (!whole) return false;
      if (!keys.insert(header_.pairs.back().key).second) return bad("two pairs of one key");
    }
    WAAG_CHECK(read_alignment());
    std::unordered_set<std::string> names;
    for (std::uint64_t i = 0; i < tensors; ++i) {
      WAAG_TRY(const bool whole, read_tensor());
      if (!whole) return false;
      if (!names.insert(header_.tensors.back().name).second) return bad("two tensors of one name");
    }
    return true;
  }

  Result<bool> read_text(std::uint64_t bytes_max, std::string_view& out) {
    std::uint64_t size = 0;
    if (!in_.fixed(size)) return false;
    if (size > bytes_max) return bad("string too long");
    return in_.bytes(size, out);
  }

  Result<bool> read_type(GgufType& type) {
    std::uint32_t number = 0;
    if (!in_.fixed(number)) return false;
    if (number > static_cast<std::uint32_t>(GgufType::f64)) return bad("unknown value type");
    type = static_cast<GgufType>(number);
    return true;
  }

  Result<bool> read_pair() {
    GgufPair pair;
    std::string_view key;
    WAAG_TRY(const bool has_key, read_text(gguf_key_bytes_max, key));
    if (!has_key) return false;
    if (key.empty() || !is_utf8(key) || has_control(key)) return bad("bad key");
    pair.key = std::string(key);
    WAAG_TRY(const bool has_type, read_type(pair.type));
    if (!has_type) return false;
    pair.begin = in_.at();
    Result<bool> whole = pair.type == GgufType::array    ? read_array(pair)
                         : pair.type == GgufType::string ? read_string(pair)
                                                         : read_scalar(pair);
    WAAG_TRY(const bool has_value, std::move(whole));
    if (!has_value) return false;
    pair.end = in_.at();
    header_.pairs.push_back(std::move(pair));
    return true;
  }

  Result<bool> read_string(GgufPair& pair) {
    std::string_view text;
    WAAG_TRY(const bool whole, read_text(gguf_length_max, text));
    if (!whole) return false;
    pair.value = std::string(text);
    return true;
  }

  Result<bool> read_scalar(GgufPair& pair) {
    const std::uint64_t size = gguf_scalar_bytes(pair.type);
    std::string_view raw;
    if (!in_.bytes(size, raw)) return false;
    std::uint64_t word = 0;
    for (std::size_t i = size; i-- > 0;) word = word << 8 | static_cast<std::uint8_t>(raw[i]);
    switch (pair.type) {
      case GgufType::boolean:
        if (word > 1) return bad("boolean is neither 0 nor 1");
        pair.value = word == 1;
        break;
      case GgufType::f32:
        pair.value = static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(word)));
        break;
      case GgufType::f64:
        pair.value = std::bit_cast<double>(word);
        break;
      case GgufType::i8:
      case GgufType::i16:
      case GgufType::i32:
      case GgufType::i64: {
        const auto shift = static_cast<int>(64 - 8 * size);  // brings the sign up, then down again
        pair.value = static_cast<std::int64_t>(word << shift) >> shift;
        break;
      }
      default:
        pair.value = word;
    }
    return true;
  }

  /// Nothing is allocated for an array: its bytes are walked over, strings one by one.
  Result<bool> read_array(GgufPair& pair) {
    WAAG_TRY(const bool has_type, read_type(pair.element));
    if (!has_type) return false;
    if (pair.element == GgufType::array) return bad("array of arrays");
    if (!in_.fixed(pair.count)) return false;
    if (pair.count > gguf_length_max) return bad("array too long");
    pair.begin = in_.at();
    if (pair.element != GgufType::string)
      return in_.skip(pair.count * gguf_scalar_bytes(pair.element));
    if (pair.count > in_.left() / 8) return bad("more strings than can be");
    for (std::uint64_t i = 0; i < pair.count; ++i) {
      std::string_view ignored;
      WAAG_TRY(const bool whole, read_text(gguf_length_max, ignored));
      if (!whole) return false;
    }
    return true;
  }

  Status read_alignment() {
    const auto* pair = header_.find("general.alignment");
    if (pair == nullptr) return ok();
    if (pair->type != GgufType::u32) return bad("alignment is not of type u32");
    const auto alignment = std::get<std::uint64_t>(pair->value);
    if (!std::has_single_bit(alignment)) return bad("alignment is not a power of two");
    header_.alignment = static_cast<std::uint32_t>(alignment);
    return ok();
  }

  /// `begin` and `end` are relative to the data until place_tensors().
  Result<bool> read_tensor() {
    TensorInfo tensor;
    std::string_view name;
    WAAG_TRY(const bool has_name, read_text(gguf_name_bytes_max, name));
    if (!has_name) return false;
    if (name.empty() || !is_utf8(name) || has_control(name)) return bad("bad tensor name");
    tensor.name = std::string(name);
    std::uint32_t dimensions = 0;
    if (!in_.fixed(dimensions)) return false;
    if (dimensions > gguf_dimensions_max) return bad("too many dimensions");
    tensor.shape.resize(dimensions);
    for (auto& extent : tensor.shape)
      if (!in_.fixed(extent)) return false;
    if (!in_.fixed(tensor.ggml_type) || !in_.fixed(tensor.begin)) return false;
    const auto type = ggml_type(tensor.ggml_type);
    if (!type) return bad("unknown tensor type");
    tensor.dtype = type->dtype;
    WAAG_TRY(const auto bytes, ggml_tensor_bytes(*type, tensor.shape));
    if (__builtin_add_overflow(tensor.begin, bytes, &tensor.end)) return bad("tensor too large");
    std::ranges::reverse(tensor.shape);
    header_.tensors.push_back(std::move(tensor));
    return true;
  }

  /// @return false on overflow
  bool align(std::uint64_t& value) const {
    const std::uint64_t mask = header_.alignment - 1;
    if (value > std::numeric_limits<std::uint64_t>::max() - mask) return false;
    value = (value + mask) & ~mask;
    return true;
  }

  /// Each tensor stands where the one before ends, rounded up: no hole, no overlap, no other order.
  Status place_tensors() {
    header_.data_begin = in_.at();
    if (!align(header_.data_begin)) return bad("header too long");
    std::uint64_t reached = 0;
    for (auto& tensor : header_.tensors) {
      if (!align(reached) || tensor.begin != reached)
        return bad("tensor is not where the last one ends");
      reached = tensor.end;
      if (header_.data_begin > file_size_bytes_ ||
          tensor.end > file_size_bytes_ - header_.data_begin)
        return bad("tensor ends behind the file");
      tensor.begin += header_.data_begin;
      tensor.end += header_.data_begin;
    }
    return ok();
  }

  Walker in_;
  std::uint64_t file_size_bytes_;
  GgufHeader header_;
};

}  // namespace

std::uint64_t gguf_scalar_bytes(GgufType type) {
  switch (type) {
    case GgufType::u8:
    case GgufType::i8:
    case GgufType::boolean:
      return 1;
    case GgufType::u16:
    case GgufType::i16:
      return 2;
    case GgufType::u32:
    case GgufType::i32:
    case GgufType::f32:
      return 4;
    case GgufType::u64:
    case GgufType::i64:
    case GgufType::f64:
      return 8;
    case GgufType::string:
    case GgufType::array:
      return 0;
  }
  return 0;
}

Status check_gguf_version(std::uint32_t version) {
  if ((version & version_swapped_bits) != 0) return bad("big-endian");
  if (version < version_min || version > version_max) return bad("unknown version");
  return ok();
}

const GgufPair* GgufHeader::find(std::string_view key) const {
  const auto found = std::ranges::find(pairs, key, &GgufPair::key);
  return found == pairs.end() ? nullptr : &*found;
}

Result<GgufParse> parse_gguf_header(ByteView front, std::uint64_t file_size_bytes) {
  if (front.size() > file_size_bytes) front = front.first(file_size_bytes);
  return Parser(front, file_size_bytes).run();
}

}  // namespace waag::model
