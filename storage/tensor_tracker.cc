#include "storage/tensor_tracker.h"

#include <algorithm>

#include "protocol/model/gguf_header.h"
#include "protocol/model/safetensors_header.h"

namespace waag::storage {

namespace {

constexpr std::string_view gguf_magic = "GGUF";
/// Stands for the size of a GGUF file that still arrives. Large, and far from overflow.
constexpr std::uint64_t gguf_bytes_unknown = 1ull << 62;

Dtype to_stored(model::Dtype dtype) {
  switch (dtype) {
    case model::Dtype::boolean:
      return Dtype::boolean;
    case model::Dtype::u8:
      return Dtype::u8;
    case model::Dtype::i8:
      return Dtype::i8;
    case model::Dtype::f8_e5m2:
      return Dtype::f8_e5m2;
    case model::Dtype::f8_e4m3:
      return Dtype::f8_e4m3;
    case model::Dtype::i16:
      return Dtype::i16;
    case model::Dtype::f16:
      return Dtype::f16;
    case model::Dtype::bf16:
      return Dtype::bf16;
    case model::Dtype::i32:
      return Dtype::i32;
    case model::Dtype::f32:
      return Dtype::f32;
    case model::Dtype::f64:
      return Dtype::f64;
    case model::Dtype::i64:
      return Dtype::i64;
    case model::Dtype::ggml_block:
      return Dtype::quantized;
    default:  // types that no codec tells from plain bytes
      return Dtype::none;
  }
}

std::uint32_t element_bytes(Dtype dtype) {
  switch (dtype) {
    case Dtype::bf16:
    case Dtype::f16:
    case Dtype::i16:
      return 2;
    case Dtype::f32:
    case Dtype::i32:
      return 4;
    case Dtype::f64:
    case Dtype::i64:
      return 8;
    default:
      return 1;
  }
}

TensorMap to_map(const std::vector<model::TensorInfo>& tensors) {
  TensorMap map;
  map.tensors.reserve(tensors.size());
  for (const auto& tensor : tensors)
    map.tensors.push_back(
        {tensor.name, to_stored(tensor.dtype), tensor.shape, tensor.begin, tensor.end});
  return map;
}

}  // namespace

Result<std::optional<TensorMap>> parse_tensor_map(ByteView front,
                                                  std::optional<std::uint64_t> size_bytes,
                                                  std::uint64_t& wanted_bytes) {
  if (as_text(front).starts_with(gguf_magic)) {
    WAAG_TRY(const auto parsed,
             model::parse_gguf_header(front, size_bytes.value_or(gguf_bytes_unknown)));
    if (const auto* needs = std::get_if<model::GgufNeedsBytes>(&parsed)) {
      wanted_bytes = needs->prefix_bytes;
      return std::optional<TensorMap>();
    }
    return std::optional(to_map(std::get<model::GgufHeader>(parsed).tensors));
  }
  WAAG_TRY(wanted_bytes, model::safetensors_header_bytes(front));
  if (wanted_bytes > front.size()) return std::optional<TensorMap>();
  WAAG_TRY(const auto header, model::parse_safetensors_header(front, size_bytes));
  return std::optional(to_map(header.tensors));
}

void TensorTracker::feed(ByteView bytes) {
  while (!done_ && !bytes.empty()) {
    const auto part = bytes.first(std::min(bytes.size(), wanted_bytes_ - head_.size()));
    head_.insert(head_.end(), part.begin(), part.end());
    bytes = bytes.subspan(part.size());
    if (head_.size() == wanted_bytes_) parse();
  }
}

void TensorTracker::parse() {
  std::uint64_t wanted = 0;
  const auto parsed = parse_tensor_map(head_, std::nullopt, wanted);
  if (parsed && !*parsed && wanted > head_.size() && wanted <= head_bytes_max) {
    wanted_bytes_ = static_cast<std::size_t>(wanted);
    head_.reserve(wanted_bytes_);
    return;
  }
  done_ = true;
  fills_file_ = !as_text(head_).starts_with(gguf_magic);
  head_ = {};
  if (parsed && *parsed) take(**parsed);
}

void TensorTracker::take(const TensorMap& map) {
  row_ = encode(map);
  for (const auto& tensor : map.tensors)
    if (tensor.end > tensor.begin) spans_.push_back({tensor.begin, tensor.end, tensor.dtype});
  std::sort(spans_.begin(), spans_.end(),
            [](const Span& a, const Span& b) { return a.begin < b.begin; });
}

TensorTracker::Element TensorTracker::at(std::uint64_t begin, std::uint64_t end) const {
  const auto middle = begin + (end - begin) / 2;
  auto next =
      std::upper_bound(spans_.begin(), spans_.end(), middle,
                       [](std::uint64_t offset, const Span& span) { return offset < span.begin; });
  if (next == spans_.begin()) return {};
  const auto& span = *--next;
  if (middle >= span.end) return {};
  const std::uint64_t element = element_bytes(span.dtype);
  const auto phase = begin >= span.begin ? (begin - span.begin) % element
                                         : (element - (span.begin - begin) % element) % element;
  return {span.dtype, static_cast<std::uint8_t>(phase)};
}

std::optional<std::string> TensorTracker::row(std::uint64_t size_bytes) const {
  if (row_.empty()) return std::nullopt;
  const auto end = spans_.empty() ? size_bytes : spans_.back().end;
  if (end > size_bytes || (fills_file_ && end != size_bytes)) return std::nullopt;
  return row_;
}

}  // namespace waag::storage
