#include "storage/intake/tensor_tracker.h"

#include <algorithm>
#include <functional>

namespace waag::storage {

namespace {

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

/// The second run goes on where the first one ends, on the same grid of elements.
bool continues(const auto& first, const auto& second) {
  return first.end == second.begin && first.dtype == second.dtype &&
         (second.begin - first.begin) % element_bytes(first.dtype) == 0;
}

}  // namespace

void TensorTracker::feed(ByteView bytes) {
  if (done_) return;
  if (std::holds_alternative<std::monostate>(scanner_)) {
    const auto wanted = model::gguf_magic.size() - magic_.size();
    const auto part = bytes.first(std::min(bytes.size(), wanted));
    magic_.insert(magic_.end(), part.begin(), part.end());
    bytes = bytes.subspan(part.size());
    if (part.size() < wanted) return;
    choose_scanner();
  }
  if (auto* gguf = std::get_if<model::GgufScanner>(&scanner_)) scan(*gguf, bytes);
  if (auto* safetensors = std::get_if<model::SafetensorsScanner>(&scanner_))
    scan(*safetensors, bytes);
}

/// No length field of a safetensors file reads "GGUF": it would be too large.
void TensorTracker::choose_scanner() {
  const auto magic = std::exchange(magic_, {});
  fills_file_ = as_text(magic) != model::gguf_magic;
  if (fills_file_)
    scan(scanner_.emplace<model::SafetensorsScanner>(), magic);
  else
    scan(scanner_.emplace<model::GgufScanner>(), magic);
}

template <class AnyScanner>
void TensorTracker::scan(AnyScanner& scanner, ByteView bytes) {
  if (done_ || bytes.empty()) return;
  std::vector<model::TensorInfo> found;
  const auto whole = scanner.feed(bytes, found);
  if (!whole || !std::ranges::all_of(found, [this](auto& tensor) { return add(tensor); }))
    return give_up();
  if (*whole) complete(scanner.data_begin());
}

/// @return false if this is not a map that we keep
bool TensorTracker::add(model::TensorInfo& tensor) {
  name_hashes_.push_back(std::hash<std::string>{}(tensor.name));
  const auto dtype = to_stored(tensor.dtype);
  map_.add({std::move(tensor.name), dtype, std::move(tensor.shape), tensor.begin, tensor.end});
  const auto map_bytes =
      map_.size_bytes() + name_hashes_.size() * sizeof(std::uint64_t) + runs_.size() * sizeof(Run);
  return map_bytes <= map_bytes_max && add_run({tensor.begin, tensor.end, dtype});
}

/// @return false if it overlaps another
bool TensorTracker::add_run(const Run& run) {
  if (run.begin == run.end) return true;
  auto next = runs_.end();
  if (!runs_.empty() && run.begin < runs_.back().begin)
    next = std::ranges::upper_bound(runs_, run.begin, {}, &Run::begin);
  if (next != runs_.end() && next->begin < run.end) return false;
  if (next != runs_.begin() && std::prev(next)->end > run.begin) return false;
  if (next != runs_.begin() && continues(*std::prev(next), run)) {
    auto& before = *std::prev(next);
    before.end = run.end;
    if (next != runs_.end() && continues(before, *next)) {
      before.end = next->end;
      runs_.erase(next);
    }
  } else if (next != runs_.end() && continues(run, *next)) {
    next->begin = run.begin;
  } else {
    runs_.insert(next, run);
  }
  return true;
}

void TensorTracker::complete(std::uint64_t data_begin) {
  std::ranges::sort(name_hashes_);
  const bool distinct = std::ranges::adjacent_find(name_hashes_) == name_hashes_.end();
  if (!distinct) return give_up();
  done_ = complete_ = true;
  data_begin_ = data_begin;
  scanner_ = {};
  name_hashes_ = {};
  runs_.shrink_to_fit();
}

void TensorTracker::give_up() {
  *this = {};
  done_ = true;
}

TensorTracker::Element TensorTracker::at(std::uint64_t begin, std::uint64_t end) const {
  const auto middle = begin + (end - begin) / 2;
  if (!complete_ || middle < data_begin_) return {};
  const auto next = std::ranges::upper_bound(runs_, middle - data_begin_, {}, &Run::begin);
  if (next == runs_.begin()) return {};
  const auto& run = *std::prev(next);
  if (middle - data_begin_ >= run.end) return {};
  const std::uint64_t element = element_bytes(run.dtype);
  const auto run_begin = data_begin_ + run.begin;
  const auto phase = begin >= run_begin ? (begin - run_begin) % element
                                        : (element - (run_begin - begin) % element) % element;
  return {run.dtype, static_cast<std::uint8_t>(phase)};
}

std::optional<std::string> TensorTracker::row(std::uint64_t size_bytes) const {
  if (!complete_ || data_begin_ > size_bytes || !covers(size_bytes - data_begin_))
    return std::nullopt;
  return map_.row(data_begin_);
}

bool TensorTracker::covers(std::uint64_t data_bytes) const {
  std::uint64_t reached = 0;
  for (const auto& run : runs_) {
    if (fills_file_ && run.begin != reached) return false;
    reached = run.end;
  }
  return fills_file_ ? reached == data_bytes : reached <= data_bytes;
}

}  // namespace waag::storage
