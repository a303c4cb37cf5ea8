#include "convert/source/stored_tensor.h"

#include <algorithm>
#include <array>

#include "convert/source/decode/floats_of_bytes.h"
#include "protocol/model/safetensors_header.h"

namespace waag::convert {
namespace {

/// Bytes read at once where they are not read straight into place.
constexpr std::size_t piece_bytes = 64 * 1024;

Error bad(const StoredTensor& tensor, const std::string& what) {
  return fail(Errc::unprocessable, tensor.file->name() + ": " + tensor.info.name + ": " + what);
}

Status check_range(const StoredTensor& tensor, std::uint64_t first, std::uint64_t count) {
  if (!tensor.strides.empty()) return bad(tensor, "has strides where none are allowed");
  const auto total = tensor.elements();
  if (first > total || count > total - first) return bad(tensor, "has too few elements");
  return ok();
}

/// Calls take(bytes, index of the first) for element after element, piece by piece.
template <class Take>
Status read_pieces(const StoredTensor& tensor, std::uint64_t first, std::size_t count, Take take) {
  const std::size_t width = model::bits_per_element(tensor.info.dtype) / 8;
  std::array<std::byte, piece_bytes> piece;
  const std::size_t piece_elements = piece_bytes / width;
  for (std::size_t done = 0; done < count;) {
    const auto elements = std::min(piece_elements, count - done);
    const auto bytes = std::span(piece).first(elements * width);
    WAAG_CHECK(tensor.file->read_at(tensor.info.begin + (first + done) * width, bytes));
    WAAG_CHECK(take(bytes, done, elements));
    done += elements;
  }
  return ok();
}

}  // namespace

Status read_floats(const StoredTensor& tensor, std::uint64_t first, std::span<float> values) {
  WAAG_CHECK(check_range(tensor, first, values.size()));
  const auto dtype = tensor.info.dtype;
  if (!is_float_type(dtype))
    return bad(tensor, std::string(model::safetensors_name(dtype)) + " is no type of weights");
  if (dtype == model::Dtype::f32)
    return tensor.file->read_at(tensor.info.begin + 4 * first, std::as_writable_bytes(values));
  return read_pieces(tensor, first, values.size(),
                     [&](ByteView bytes, std::size_t at, std::size_t count) -> Status {
                       if (decode_floats(dtype, bytes, values.subspan(at, count))) return ok();
                       return bad(tensor, "a value is not exact in F32");
                     });
}

Status read_words(const StoredTensor& tensor, std::uint64_t first, std::span<std::uint32_t> words) {
  WAAG_CHECK(check_range(tensor, first, words.size()));
  const auto dtype = tensor.info.dtype;
  const bool narrow = dtype == model::Dtype::i32 || dtype == model::Dtype::u32;
  if (!narrow && dtype != model::Dtype::i64) return bad(tensor, "is not of 32-bit integers");
  if (narrow)
    return tensor.file->read_at(tensor.info.begin + 4 * first, std::as_writable_bytes(words));
  return read_pieces(tensor, first, words.size(),
                     [&](ByteView bytes, std::size_t at, std::size_t count) -> Status {
                       ByteReader reader(bytes);
                       for (std::size_t i = 0; i < count; ++i) {
                         const auto value = reader.fixed<std::uint64_t>();
                         if (value > 0xffffffffu) return bad(tensor, "an integer is too large");
                         words[at + i] = static_cast<std::uint32_t>(value);
                       }
                       return ok();
                     });
}

Status read_codes(const StoredTensor& tensor, std::uint64_t first, std::span<std::uint8_t> codes) {
  WAAG_CHECK(check_range(tensor, first, codes.size()));
  if (model::bits_per_element(tensor.info.dtype) != 8) return bad(tensor, "is not of bytes");
  return tensor.file->read_at(tensor.info.begin + first, std::as_writable_bytes(codes));
}

}  // namespace waag::convert
