#include "protocol/model/gguf_scanner.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "protocol/model/ggml_type.h"
#include "protocol/utf8.h"

// One step reads one field of a length known beforehand; what needs no look is skipped. So it does
// not matter where the pieces that come end.

namespace waag::model {
namespace {

constexpr std::string_view alignment_key = "general.alignment";
constexpr std::uint64_t length_bytes = 8;
constexpr std::uint64_t type_bytes = 4;
constexpr std::uint64_t array_head_bytes = 4 + 8;  // element type, count
constexpr std::uint64_t dimensions_bytes = 4;
constexpr std::uint64_t extent_bytes = 8;
constexpr std::uint64_t shape_tail_bytes = 4 + 8;  // tensor type, offset

Error bad(const char* what) { return fail(Errc::unprocessable, std::string("GGUF: ") + what); }

Result<GgufType> read_type(ByteReader& in) {
  const auto number = in.fixed<std::uint32_t>();
  if (number > static_cast<std::uint32_t>(GgufType::f64)) return bad("unknown value type");
  return static_cast<GgufType>(number);
}

}  // namespace

Result<bool> GgufScanner::feed(ByteView bytes, std::vector<TensorInfo>& tensors) {
  for (;;) {
    const auto skipped =
        static_cast<std::size_t>(std::min<std::uint64_t>(skip_bytes_, bytes.size()));
    skip_bytes_ -= skipped;
    walked_bytes_ += skipped;
    bytes = bytes.subspan(skipped);
    if (skip_bytes_ > 0) return false;
    if (step_ == Step::done) return true;
    const auto part = bytes.first(static_cast<std::size_t>(
        std::min<std::uint64_t>(wanted_bytes_ - field_.size(), bytes.size())));
    field_.insert(field_.end(), part.begin(), part.end());
    walked_bytes_ += part.size();
    bytes = bytes.subspan(part.size());
    if (field_.size() < wanted_bytes_) return false;
    WAAG_CHECK(take(tensors));
    field_.clear();
    const auto header_bytes = walked_bytes_ + skip_bytes_ + wanted_bytes_;
    if (header_bytes > gguf_header_bytes_max) return bad("header is too long");
  }
}

void GgufScanner::expect(Step step, std::uint64_t bytes) {
  step_ = step;
  wanted_bytes_ = bytes;
}

Status GgufScanner::take(std::vector<TensorInfo>& tensors) {
  ByteReader in(field_);
  switch (step_) {
    case Step::head:
      return take_head(in);
    case Step::key_length:
      return take_key_length(in);
    case Step::key:
      is_alignment_ = as_text(field_) == alignment_key;
      expect(Step::value_type, type_bytes);
      return ok();
    case Step::value_type:
      return take_value_type(in);
    case Step::alignment:
      return take_alignment(in);
    case Step::array_head:
      return take_array_head(in);
    case Step::string_length:
      return take_string_length(in);
    case Step::name_length:
      return take_name_length(in);
    case Step::name:
      return take_name(in);
    case Step::shape:
      return take_shape(in, tensors);
    case Step::done:
      break;
  }
  return ok();
}

Status GgufScanner::take_head(ByteReader& in) {
  if (as_text(in.raw(gguf_magic.size())) != gguf_magic) return bad("no magic");
  WAAG_CHECK(check_gguf_version(in.fixed<std::uint32_t>()));
  tensors_left_ = in.fixed<std::uint64_t>();
  pairs_left_ = in.fixed<std::uint64_t>();
  if (tensors_left_ > gguf_tensors_max) return bad("more tensors than can be");
  if (pairs_left_ > gguf_pairs_max) return bad("more pairs than can be");
  return next_pair();
}

Status GgufScanner::next_pair() {
  is_alignment_ = false;
  if (pairs_left_ == 0) return next_tensor();
  --pairs_left_;
  expect(Step::key_length, length_bytes);
  return ok();
}

Status GgufScanner::take_key_length(ByteReader& in) {
  const auto bytes = in.fixed<std::uint64_t>();
  if (bytes == 0 || bytes > gguf_key_bytes_max) return bad("bad key");
  if (bytes == alignment_key.size()) {
    expect(Step::key, bytes);
  } else {
    skip_bytes_ = bytes;
    expect(Step::value_type, type_bytes);
  }
  return ok();
}

Status GgufScanner::take_value_type(ByteReader& in) {
  WAAG_TRY(const auto type, read_type(in));
  if (is_alignment_) {
    if (type != GgufType::u32) return bad("alignment is not of type u32");
    expect(Step::alignment, sizeof(std::uint32_t));
    return ok();
  }
  if (type == GgufType::array) {
    expect(Step::array_head, array_head_bytes);
    return ok();
  }
  if (type == GgufType::string) {
    strings_left_ = 1;
    return next_string();
  }
  skip_bytes_ = gguf_scalar_bytes(type);
  return next_pair();
}

Status GgufScanner::take_alignment(ByteReader& in) {
  if (std::exchange(seen_alignment_, true)) return bad("two pairs of one key");
  alignment_ = in.fixed<std::uint32_t>();
  if (!std::has_single_bit(alignment_)) return bad("alignment is not a power of two");
  return next_pair();
}

Status GgufScanner::take_array_head(ByteReader& in) {
  WAAG_TRY(const auto element, read_type(in));
  if (element == GgufType::array) return bad("array of arrays");
  const auto count = in.fixed<std::uint64_t>();
  if (count > gguf_length_max) return bad("array too long");
  if (element == GgufType::string) {
    strings_left_ = count;
    return next_string();
  }
  skip_bytes_ = count * gguf_scalar_bytes(element);
  return next_pair();
}

Status GgufScanner::next_string() {
  if (strings_left_ == 0) return next_pair();
  --strings_left_;
  expect(Step::string_length, length_bytes);
  return ok();
}

Status GgufScanner::take_string_length(ByteReader& in) {
  skip_bytes_ = in.fixed<std::uint64_t>();
  if (skip_bytes_ > gguf_length_max) return bad("string too long");
  return next_string();
}

Status GgufScanner::next_tensor() {
  if (tensors_left_ > 0) {
    --tensors_left_;
    expect(Step::name_length, length_bytes);
    return ok();
  }
  data_begin_ = walked_bytes_ + skip_bytes_;
  if (!align(data_begin_)) return bad("header is too long");
  expect(Step::done, 0);
  return ok();
}

Status GgufScanner::take_name_length(ByteReader& in) {
  const auto bytes = in.fixed<std::uint64_t>();
  if (bytes == 0 || bytes > gguf_name_bytes_max) return bad("bad tensor name");
  expect(Step::name, bytes + dimensions_bytes);
  return ok();
}

Status GgufScanner::take_name(ByteReader& in) {
  tensor_.name = std::string(as_text(in.raw(field_.size() - dimensions_bytes)));
  if (!is_utf8(tensor_.name) || has_control(tensor_.name)) return bad("bad tensor name");
  const auto dimensions = in.fixed<std::uint32_t>();
  if (dimensions > gguf_dimensions_max) return bad("too many dimensions");
  tensor_.shape.resize(dimensions);
  expect(Step::shape, dimensions * extent_bytes + shape_tail_bytes);
  return ok();
}

/// Each tensor stands where the one before ends, rounded up: no hole, no overlap, no other order.
Status GgufScanner::take_shape(ByteReader& in, std::vector<TensorInfo>& tensors) {
  for (auto& extent : tensor_.shape) extent = in.fixed<std::uint64_t>();
  tensor_.ggml_type = in.fixed<std::uint32_t>();
  tensor_.begin = in.fixed<std::uint64_t>();
  const auto type = ggml_type(tensor_.ggml_type);
  if (!type) return bad("unknown tensor type");
  tensor_.dtype = type->dtype;
  WAAG_TRY(const auto bytes, ggml_tensor_bytes(*type, tensor_.shape));
  if (!align(reached_) || tensor_.begin != reached_)
    return bad("tensor is not where the last one ends");
  if (__builtin_add_overflow(tensor_.begin, bytes, &tensor_.end)) return bad("tensor too large");
  reached_ = tensor_.end;
  std::ranges::reverse(tensor_.shape);
  tensors.push_back(std::exchange(tensor_, {}));
  return next_tensor();
}

/// Rounds up to the alignment. @return false on overflow
bool GgufScanner::align(std::uint64_t& value) const {
  const std::uint64_t mask = alignment_ - 1;
  if (value > std::numeric_limits<std::uint64_t>::max() - mask) return false;
  value = (value + mask) & ~mask;
  return true;
}

}  // namespace waag::model
