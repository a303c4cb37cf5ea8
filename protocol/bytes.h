#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "protocol/result.h"

namespace waag {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

inline ByteView as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Lower-case hex of `bytes`.
std::string to_hex(ByteView bytes);
/// Decodes exactly out.size() bytes; upper and lower case are accepted.
/// @return Errc::invalid_argument if the length differs or a digit is not hex.
Status from_hex(std::string_view hex, std::span<std::byte> out);

/// Appends little-endian integers, LEB128 varints and length-prefixed strings. The layout of every
/// row and record on disk is spelt with this.
class ByteWriter {
 public:
  template <class T>
    requires std::is_unsigned_v<T>
  void fixed(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i)
      bytes_.push_back(
          static_cast<std::byte>((static_cast<std::uint64_t>(value) >> (8 * i)) & 0xff));
  }
  void varint(std::uint64_t value);
  void raw(ByteView bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void text(std::string_view text) {
    varint(text.size());
    raw(as_bytes(text));
  }
  [[nodiscard]] const Bytes& bytes() const { return bytes_; }
  [[nodiscard]] Bytes take() { return std::move(bytes_); }
  [[nodiscard]] std::string str() const { return std::string(as_text(bytes_)); }

 private:
  Bytes bytes_;
};

/// Reads what ByteWriter wrote. Never reads past the end: after the first short read every later
/// call yields zero or empty and `ok()` is false, so a decoder checks once, at its end.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : rest_(bytes) {}

  template <class T>
    requires std::is_unsigned_v<T>
  T fixed() {
    const auto part = raw(sizeof(T));
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < part.size(); ++i)
      value |= static_cast<std::uint64_t>(part[i]) << (8 * i);
    return static_cast<T>(value);
  }
  std::uint64_t varint();
  ByteView raw(std::uint64_t count);
  std::string text() { return std::string(as_text(raw(varint()))); }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] std::size_t left() const { return rest_.size(); }

 private:
  ByteView rest_;
  bool ok_ = true;
};

}  // namespace waag
